//! The work directory of a Promotion: the only way by which steps reach files.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use crate::error::{Code, Error};

/// The path leaves the work directory, or passes a link where none may be.
pub const ESCAPES: Code =
    Code::new("workdir/escapes", "The path leads out of the work directory, or through a symbolic link.");
/// There is no such file.
pub const NOT_FOUND: Code = Code::new("workdir/not-found", "There is no such file in the work directory.");
/// The file is larger than the step reads.
pub const TOO_LARGE: Code = Code::new("workdir/too-large", "The file is larger than this step reads.");
/// The file could not be read or written.
pub const IO: Code = Code::new("workdir/io", "A file of the work directory could not be read or written.");

/// The codes of this room.
pub const CODES: &[Code] = &[ESCAPES, NOT_FOUND, TOO_LARGE, IO];

/// Links followed while one path is resolved; more is a loop (Linux itself stops at 40).
const MAX_LINKS: usize = 255;

/// What happens to a path that would leave the work directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// It is clamped: the work directory is its `/`, `..` stops there, links are resolved inside (Kargo's
    /// SecureJoin).
    Clamp,
    /// It is an error; links that stay inside are followed.
    Reject,
    /// It is an error, and so is every symbolic link on the way, the last name included.
    NoFollow,
}

/// A path inside a [`WorkDir`], resolved: no link and no `..` is left in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkPath {
    relative: PathBuf,
    real: PathBuf,
}

impl WorkPath {
    /// The path below the work directory; empty for the directory itself.
    pub fn relative(&self) -> &Path {
        &self.relative
    }

    /// The path on this machine, for git and child programs alone; it must not reach an output or a message.
    pub fn real_path(&self) -> &Path {
        &self.real
    }
}

/// A directory that no path given by a user leaves.
///
/// ```
/// use kargo_core::workdir::{Policy, WorkDir};
///
/// let root = tempfile::tempdir()?;
/// let work = WorkDir::create(root.path().join("w"))?;
/// work.write("out/values.yaml", Policy::Reject, b"tag: v1\n", 0o600)?;
/// // Kargo's steps clamp: this is the same file.
/// assert_eq!(work.read("../../out/values.yaml", Policy::Clamp, 1 << 20)?, b"tag: v1\n");
/// assert!(work.read("../out/values.yaml", Policy::Reject, 1 << 20).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct WorkDir {
    root: PathBuf,
}

impl WorkDir {
    /// Makes the directory `root` (mode 0700) where it is not there yet, and opens it.
    ///
    /// # Errors
    /// `workdir/io`.
    pub fn create(root: impl AsRef<Path>) -> Result<Self, Error> {
        let root = root.as_ref();
        make_dirs(root).map_err(|error| failure("create", root, error))?;
        // The root is resolved once, so that what lies above it never takes part again.
        let root = root.canonicalize().map_err(|error| failure("open", root, error))?;
        Ok(Self { root })
    }

    /// The directory on this machine, for git and child programs alone.
    pub fn real_path(&self) -> &Path {
        &self.root
    }

    /// Resolves a path that a user wrote.
    ///
    /// # Errors
    /// `workdir/escapes` as `policy` has it, and for a loop of links; `workdir/io`.
    pub fn resolve(&self, path: &str, policy: Policy) -> Result<WorkPath, Error> {
        if path.contains('\0') {
            return Err(escapes(path, "it holds a NUL"));
        }
        if policy != Policy::Clamp && Path::new(path).is_absolute() {
            return Err(escapes(path, "it is absolute"));
        }
        let mut relative = PathBuf::new();
        let mut links = 0;
        let mut todo: Vec<PathBuf> = reversed(Path::new(path));
        while let Some(part) = todo.pop() {
            match part.components().next() {
                Some(Component::Normal(name)) => {
                    self.descend(path, policy, &mut relative, name, &mut todo, &mut links)?;
                }
                Some(Component::ParentDir) => {
                    if !relative.pop() && policy != Policy::Clamp {
                        return Err(escapes(path, "`..` leads above it"));
                    }
                }
                Some(Component::RootDir | Component::Prefix(_)) => {
                    if policy != Policy::Clamp {
                        return Err(escapes(path, "a link on the way is absolute"));
                    }
                    relative.clear();
                }
                Some(Component::CurDir) | None => {}
            }
        }
        let real = self.root.join(&relative);
        Ok(WorkPath { relative, real })
    }

    /// Goes one name down; a link puts its target's parts in front of what is still to be resolved.
    fn descend(
        &self,
        path: &str,
        policy: Policy,
        relative: &mut PathBuf,
        name: &OsStr,
        todo: &mut Vec<PathBuf>,
        links: &mut usize,
    ) -> Result<(), Error> {
        let next = self.root.join(&*relative).join(name);
        // Not a link, or not there yet: an ordinary name.
        let Ok(target) = fs::read_link(&next) else {
            relative.push(name);
            return Ok(());
        };
        *links += 1;
        if policy == Policy::NoFollow {
            return Err(escapes(path, "a symbolic link is on the way"));
        }
        if *links > MAX_LINKS {
            return Err(escapes(path, "its symbolic links form a loop"));
        }
        todo.extend(reversed(&target));
        Ok(())
    }

    /// The content of a file of at most `limit` bytes.
    ///
    /// # Errors
    /// `workdir/not-found`, `workdir/too-large`, `workdir/escapes`, `workdir/io`.
    pub fn read(&self, path: &str, policy: Policy, limit: u64) -> Result<Vec<u8>, Error> {
        let resolved = self.resolve(path, policy)?;
        let file = fs::File::open(resolved.real_path()).map_err(|error| failure("read", path, error))?;
        let mut content = Vec::new();
        file.take(limit + 1).read_to_end(&mut content).map_err(|error| failure("read", path, error))?;
        if content.len() as u64 > limit {
            return Err(Error::new(TOO_LARGE, format!("{path} has more than {limit} bytes")));
        }
        Ok(content)
    }

    /// Writes a file whole or not at all; directories on the way are made with mode 0700. A file that is there
    /// keeps its mode, a new one gets `mode`.
    ///
    /// # Errors
    /// `workdir/escapes`, `workdir/io`.
    pub fn write(&self, path: &str, policy: Policy, content: &[u8], mode: u32) -> Result<(), Error> {
        let resolved = self.resolve(path, policy)?;
        write_whole(resolved.real_path(), content, mode).map_err(|error| failure("write", path, error))
    }
}

/// The parts of a path, last first, so that the next one to resolve is popped.
fn reversed(path: &Path) -> Vec<PathBuf> {
    path.components().rev().map(|part| PathBuf::from(part.as_os_str())).collect()
}

fn make_dirs(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Writes beside the target and renames, so that no reader and no crash sees half a file.
fn write_whole(target: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let (Some(dir), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    make_dirs(dir)?;
    let mode = fs::metadata(target).map_or(mode, |there| there.permissions().mode() & 0o7777);
    let mut beside = name.to_owned();
    beside.push(".kargo-tmp");
    let beside = dir.join(beside);
    let written = (|| {
        let mut file = fs::File::create(&beside)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(content)?;
        drop(file);
        fs::rename(&beside, target)
    })();
    if written.is_err() {
        // The first error is the one to report; a left-over temporary file is harmless.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn escapes(path: &str, why: &str) -> Error {
    Error::new(ESCAPES, format!("{path:?} does not stay in the work directory: {why}"))
}

fn failure(verb: &str, path: impl AsRef<Path>, error: io::Error) -> Error {
    let path = path.as_ref().display();
    match error.kind() {
        io::ErrorKind::NotFound => Error::new(NOT_FOUND, format!("no such file: {path}")),
        _ => Error::new(IO, format!("could not {verb} {path}")).with_source(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn work() -> (tempfile::TempDir, WorkDir) {
        let dir = tempfile::tempdir().unwrap();
        let work = WorkDir::create(dir.path().join("w")).unwrap();
        (dir, work)
    }

    #[test]
    fn paths_resolve_as_their_policy_says() {
        let (_dir, work) = work();
        fs::create_dir_all(work.real_path().join("a/b")).unwrap();
        symlink("/etc/passwd", work.real_path().join("abs")).unwrap();
        symlink("../../../x", work.real_path().join("a/up")).unwrap();
        symlink("b", work.real_path().join("a/in")).unwrap();
        symlink("loop", work.real_path().join("loop")).unwrap();
        for (path, clamp, reject, no_follow) in [
            ("f.yaml", Some("f.yaml"), true, true),
            ("./a//b/./f", Some("a/b/f"), true, true),
            ("../x", Some("x"), false, false),
            ("a/../../x", Some("x"), false, false),
            ("/x", Some("x"), false, false),
            ("abs", Some("etc/passwd"), false, false),
            ("a/up", Some("x"), false, false),
            ("a/in/f", Some("a/b/f"), true, false),
            ("a/b/..", Some("a"), true, true),
            ("", Some(""), true, true),
            ("loop", None, false, false),
            ("n\0ul", None, false, false),
        ] {
            let clamped = work.resolve(path, Policy::Clamp).ok();
            assert_eq!(clamped.as_ref().map(|p| p.relative()), clamp.map(Path::new), "{path:?}");
            assert_eq!(work.resolve(path, Policy::Reject).is_ok(), reject, "{path:?}");
            assert_eq!(work.resolve(path, Policy::NoFollow).is_ok(), no_follow, "{path:?}");
        }
    }

    #[test]
    fn a_file_keeps_its_mode_and_is_limited_when_read() {
        use std::os::unix::fs::PermissionsExt;

        let (_dir, work) = work();
        work.write("d/f", Policy::Clamp, b"12345", 0o640).unwrap();
        work.write("d/f", Policy::Clamp, b"67890", 0o600).unwrap();
        let mode = fs::metadata(work.real_path().join("d/f")).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o640);
        assert_eq!(work.read("d/f", Policy::Clamp, 5).unwrap(), b"67890");
        assert_eq!(work.read("d/f", Policy::Clamp, 4).unwrap_err().code(), TOO_LARGE);
        assert_eq!(work.read("d/g", Policy::Clamp, 4).unwrap_err().code(), NOT_FOUND);
        assert_eq!(fs::read_dir(work.real_path().join("d")).unwrap().count(), 1);
    }
}
