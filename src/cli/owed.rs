//! What is not delivered yet, for what is printed of many calls.

use std::collections::BTreeMap;

use crate::call_log::{Delivery, LogError, Reader, Stage};
use crate::call_record::{CallId, CallRecord};

/// What is not delivered of each call.
#[derive(Default)]
pub(super) struct Owed(BTreeMap<CallId, Vec<Delivery>>);

impl Owed {
    pub(super) fn read(reader: &Reader) -> Result<Self, LogError> {
        let mut of: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let all = reader.undelivered()?.into_iter();
        for delivery in all.filter(|delivery| delivery.stage != Stage::Stored) {
            of.entry(delivery.call).or_default().push(delivery);
        }
        Ok(Self(of))
    }

    pub(super) fn of(&self, record: &CallRecord) -> &[Delivery] {
        self.0.get(&record.id).map_or(&[], Vec::as_slice)
    }
}
