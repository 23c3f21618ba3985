//! Running the Promotion that a Stage has let begin, from its first pass to its end.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Installation;
use super::project::{Versioned, get};
use crate::engine::{Job, Pass};
use crate::error::Error;
use crate::model::{Freight, FreightCollection, Promotion, PromotionStatus, Stage, annotations};
use crate::store::{CONFLICT, Key, Write};

/// How far the driving of a Promotion came.
#[derive(Debug)]
pub(super) enum Driven {
    /// It has reached its last phase.
    Ended(Box<Promotion>),
    /// It was still waiting when it was told to stop.
    Waiting(Box<Promotion>),
    /// It was removed, or its Stage was.
    Gone,
}

impl Installation {
    /// Advances a Promotion until it has ended, or until `stop`, which is heard between two passes.
    ///
    /// # Errors
    /// Where the store or the work directory could not be used; the Promotion stays as it was.
    pub(super) async fn drive(self, key: Key, stop: CancellationToken) -> Result<Driven, Error> {
        loop {
            let Some(promotion) = self.promotion(&key).await? else { return Ok(Driven::Gone) };
            if promotion.is_terminal() {
                return Ok(Driven::Ended(Box::new(promotion)));
            }
            let Some(job) = self.job(&promotion).await? else { return Ok(Driven::Gone) };
            // A place among those that run at the same time; not needed while waiting.
            let place = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(Driven::Waiting(Box::new(promotion))),
                place = Arc::clone(&self.0.places).acquire_owned() => place,
            };
            let Pass { status, wait, .. } = self.pass(&key, &job).await?;
            drop(place);
            let Some(promotion) = self.record(&key, status).await? else { return Ok(Driven::Gone) };
            let Some(wait) = wait else { return Ok(Driven::Ended(Box::new(promotion))) };
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(Driven::Waiting(Box::new(promotion))),
                changed = self.asked(&key, &promotion) => changed?,
                () = self.clock().sleep(wait) => {}
            }
        }
    }

    /// One pass of the engine, which is cancelled once somebody asks for the Promotion's end.
    async fn pass(&self, key: &Key, job: &Job) -> Result<Pass, Error> {
        let cancel = CancellationToken::new();
        let advance = self.0.engine.advance(job, &cancel);
        tokio::pin!(advance);
        tokio::select! {
            biased;
            pass = &mut advance => return pass,
            asked = self.asked_to_end(key, &job.promotion) => asked?,
        }
        cancel.cancel();
        advance.await
    }

    async fn promotion(&self, key: &Key) -> Result<Option<Promotion>, Error> {
        Ok(get(self.store(), &key.project, &key.name)
            .await?
            .map(|found: Versioned<Promotion>| found.cloned()))
    }

    /// What the engine needs to know; `None` where the Stage is gone.
    async fn job(&self, promotion: &Promotion) -> Result<Option<Job>, Error> {
        let project = promotion.metadata.project();
        let Some(stage) = get::<Stage>(self.store(), project, &promotion.spec.stage).await? else {
            return Ok(None);
        };
        let freight: Option<Versioned<Freight>> = get(self.store(), project, promotion.freight()).await?;
        // Both were recorded as it began.
        let reference = promotion.status.freight.clone().unwrap_or_default();
        let collection = promotion.status.freight_collection.clone();
        let mut job =
            Job::new(promotion.clone(), stage.cloned(), reference.clone(), self.0.work_root.clone());
        job.freight_alias = freight.map(|freight| freight.alias.clone()).unwrap_or_default();
        job.collection = collection.unwrap_or_else(|| FreightCollection::of([reference]));
        Ok(Some(job))
    }

    /// Writes a Promotion's status; what others wrote to its metadata meanwhile is kept. `None` where it is gone.
    async fn record(&self, key: &Key, status: PromotionStatus) -> Result<Option<Promotion>, Error> {
        loop {
            let Some(stored) = get::<Promotion>(self.store(), &key.project, &key.name).await? else {
                return Ok(None);
            };
            let promotion = Promotion { status: status.clone(), ..stored.cloned() };
            if promotion == *stored {
                return Ok(Some(promotion));
            }
            match self.store().commit(&[stored.unchanged()], vec![Write::put(promotion.clone())]).await {
                Ok(_) => return Ok(Some(promotion)),
                Err(error) if error.code() == CONFLICT => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns once somebody asks for the end of the Promotion, who had not when it was `known`.
    async fn asked_to_end(&self, key: &Key, known: &Promotion) -> Result<(), Error> {
        let end = |promotion: &Promotion| promotion.metadata.annotations.get(annotations::ABORT).cloned();
        self.until(key, |now| end(now).is_some() && end(now) != end(known)).await
    }

    /// Returns once somebody asks something of the Promotion (its end, a refresh), or it is gone.
    async fn asked(&self, key: &Key, known: &Promotion) -> Result<(), Error> {
        self.until(key, |now| now.metadata.annotations != known.metadata.annotations).await
    }

    /// Returns once the stored Promotion is as wanted, or gone.
    async fn until(&self, key: &Key, wanted: impl Fn(&Promotion) -> bool) -> Result<(), Error> {
        let mut revision = 0;
        loop {
            revision = self.store().changed(revision).await?;
            if self.promotion(key).await?.is_none_or(|promotion| wanted(&promotion)) {
                return Ok(());
            }
        }
    }
}
