//! One type for a resource of any kind.

use std::fmt;

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::{
    ClusterConfig, ClusterPromotionTask, ConfigMap, Freight, ObjectMeta, Project, ProjectConfig, Promotion,
    PromotionRequest, PromotionTask, Secret, Stage, Target, Warehouse,
};

/// The API version of Kargo's kinds.
const KARGO: &str = "kargo.akuity.io/v1alpha1";

/// The API version of Kubernetes' core kinds.
const CORE: &str = "v1";

/// Says once which kinds there are; everything that goes over all of them is made from it.
macro_rules! kinds {
    ($( $(#[doc = $doc:literal])+ $kind:ident: $version:expr, $scope:ident; )+) => {
        /// The kinds of resource.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $( $(#[doc = $doc])+ $kind, )+
        }

        impl Kind {
            /// All kinds.
            pub const ALL: &[Self] = &[$( Self::$kind, )+];

            /// The name, as `kind` says it.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$kind => stringify!($kind), )+ }
            }

            /// What `apiVersion` says.
            pub const fn api_version(self) -> &'static str {
                match self { $( Self::$kind => $version, )+ }
            }

            const fn scope(self) -> Scope {
                match self { $( Self::$kind => Scope::$scope, )+ }
            }

            fn subschema(self, generator: &mut SchemaGenerator) -> Schema {
                match self { $( Self::$kind => generator.root_schema_for::<$kind>(), )+ }
            }
        }

        /// A resource of any kind.
        #[expect(clippy::large_enum_variant, reason = "resources are few and are shared behind an Arc")]
        #[derive(Clone, Debug, PartialEq)]
        pub enum Resource {
            $( $(#[doc = $doc])+ $kind($kind), )+
        }

        impl Resource {
            /// The kind.
            pub fn kind(&self) -> Kind {
                match self { $( Self::$kind(_) => Kind::$kind, )+ }
            }

            /// Who it is.
            pub fn metadata(&self) -> &ObjectMeta {
                match self { $( Self::$kind(object) => &object.metadata, )+ }
            }

            /// Who it is, to be changed.
            pub fn metadata_mut(&mut self) -> &mut ObjectMeta {
                match self { $( Self::$kind(object) => &mut object.metadata, )+ }
            }

            /// Reads a resource of a known kind; `apiVersion` and `kind` are not looked at.
            pub fn deserialize<'de, D: Deserializer<'de>>(kind: Kind, deserializer: D) -> Result<Self, D::Error> {
                match kind { $( Kind::$kind => $kind::deserialize(deserializer).map(Self::$kind), )+ }
            }

            /// The whole resource as JSON, with `apiVersion` and `kind`. The values of a Secret are left out.
            pub fn to_json(&self) -> Result<Value, serde_json::Error> {
                match self { $( Self::$kind(object) => object.to_json(), )+ }
            }
        }

        $(
            impl From<$kind> for Resource {
                fn from(object: $kind) -> Self {
                    Self::$kind(object)
                }
            }

            impl Object for $kind {
                const KIND: Kind = Kind::$kind;

                fn metadata(&self) -> &ObjectMeta {
                    &self.metadata
                }

                fn metadata_mut(&mut self) -> &mut ObjectMeta {
                    &mut self.metadata
                }

                fn from_resource(resource: &Resource) -> Option<&Self> {
                    match resource {
                        Resource::$kind(object) => Some(object),
                        _ => None,
                    }
                }
            }
        )+
    };
}

kinds! {
    /// A project.
    Project: KARGO, Cluster;
    /// The settings of a project.
    ProjectConfig: KARGO, Project;
    /// The settings of the whole installation.
    ClusterConfig: KARGO, Cluster;
    /// Watches artifacts and makes Freight.
    Warehouse: KARGO, Project;
    /// A set of artifact versions.
    Freight: KARGO, Project;
    /// Where Freight is promoted to.
    Stage: KARGO, Project;
    /// Moves Freight into a Stage.
    Promotion: KARGO, Project;
    /// A list of steps.
    PromotionTask: KARGO, Project;
    /// A list of steps for all projects.
    ClusterPromotionTask: KARGO, Cluster;
    /// Moves Freight to the Targets of a Stage (Kargo Enterprise).
    PromotionRequest: KARGO, Project;
    /// A place that a Stage fans out to (Kargo Enterprise).
    Target: KARGO, Project;
    /// Secret values.
    Secret: CORE, Project;
    /// Plain values.
    ConfigMap: CORE, Project;
}

/// Where the name of an object is unique.
#[derive(PartialEq)]
enum Scope {
    Cluster,
    Project,
}

impl Kind {
    /// The kind that a document says it is; `None` for anything that is not known here.
    pub fn of(api_version: &str, kind: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == kind && known.api_version() == api_version)
    }

    /// Whether its objects belong to no project.
    pub fn is_cluster_wide(self) -> bool {
        self.scope() == Scope::Cluster
    }

    /// The JSON Schema of a whole document of this kind, which lists every field that is known.
    pub fn schema(self) -> Schema {
        let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
        let mut schema = self.subschema(&mut generator);
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            for (field, value) in [("apiVersion", self.api_version()), ("kind", self.as_str())] {
                let meaning = format!("Always {value}.");
                properties.insert(field.to_owned(), json!({ "type": "string", "description": meaning }));
            }
        }
        schema
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Resource {
    /// The name.
    pub fn name(&self) -> &str {
        &self.metadata().name
    }

    /// The project's name; empty for what belongs to none.
    pub fn project(&self) -> &str {
        self.metadata().project()
    }

    /// The resource as the type of its kind; `None` where it is of another kind.
    pub fn get<T: Object>(&self) -> Option<&T> {
        T::from_resource(self)
    }

    /// Reads a whole document. `None` for a document that is of no kind known here.
    ///
    /// # Errors
    /// Where a field that its kind needs is missing or has another type.
    pub fn from_json(document: Value) -> Result<Option<Self>, serde_json::Error> {
        let text = |field: &str| document.get(field).and_then(Value::as_str).unwrap_or_default();
        match Kind::of(text("apiVersion"), text("kind")) {
            Some(kind) => Self::deserialize(kind, document).map(Some),
            None => Ok(None),
        }
    }
}

/// What the types of all kinds have in common.
pub trait Object:
    Serialize + for<'de> Deserialize<'de> + Into<Resource> + Clone + Send + Sync + 'static
{
    /// The kind.
    const KIND: Kind;

    /// Who it is.
    fn metadata(&self) -> &ObjectMeta;

    /// Who it is, to be changed.
    fn metadata_mut(&mut self) -> &mut ObjectMeta;

    /// The object inside `resource`, where it is of this kind.
    fn from_resource(resource: &Resource) -> Option<&Self>;

    /// The whole object as JSON, with `apiVersion` and `kind`.
    ///
    /// # Errors
    /// None that can be met with these types: their maps have text for keys.
    fn to_json(&self) -> Result<Value, serde_json::Error> {
        let mut document = serde_json::to_value(self)?;
        document["apiVersion"] = Self::KIND.api_version().into();
        document["kind"] = Self::KIND.as_str().into();
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_version_and_name() {
        assert_eq!(Kind::of("kargo.akuity.io/v1alpha1", "Stage"), Some(Kind::Stage));
        assert_eq!(Kind::of("v1", "Secret"), Some(Kind::Secret));
        assert_eq!(Kind::of("v1", "Stage"), None);
        assert_eq!(Kind::of("ee.kargo.akuity.io/v1alpha1", "CustomPromotionStep"), None);
        assert!(Kind::Project.is_cluster_wide() && !Kind::Stage.is_cluster_wide());
    }

    #[test]
    fn documents_go_in_and_out() {
        let document = json!({
            "apiVersion": "kargo.akuity.io/v1alpha1",
            "kind": "Warehouse",
            "metadata": { "name": "w" },
            "spec": { "subscriptions": [{ "git": { "repoURL": "https://x/y" } }] },
        });
        let resource = Resource::from_json(document.clone()).unwrap().unwrap();
        assert_eq!((resource.kind(), resource.name(), resource.project()), (Kind::Warehouse, "w", ""));
        assert_eq!(resource.to_json().unwrap(), document);
        assert!(resource.get::<Warehouse>().is_some() && resource.get::<Stage>().is_none());
        assert_eq!(Resource::from_json(json!({ "kind": "Pod", "apiVersion": "v1" })).unwrap(), None);
        Resource::from_json(json!({ "kind": "Stage", "apiVersion": KARGO })).unwrap_err();
    }

    #[test]
    fn every_kind_has_a_schema_that_names_its_fields() {
        for kind in Kind::ALL {
            let schema = kind.schema();
            let properties = schema.get("properties").and_then(Value::as_object).unwrap();
            assert!(properties.contains_key("metadata") && properties.contains_key("kind"), "{kind}");
        }
    }
}
