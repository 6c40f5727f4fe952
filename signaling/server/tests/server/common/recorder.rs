//! A recorder that notes its orders, and what the media plane had been told when they came.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use kreide_control::{LessonKey, Overloaded, RecordOrder, RecorderPlane};

use super::FakePlane;

pub(crate) struct FakeRecorder {
    plane: Arc<FakePlane>,
    orders: Mutex<Vec<Order>>,
    pub(crate) full: AtomicBool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    /// With those who were recordable at that moment.
    Record(RecordOrder, Vec<u64>),
    Stop(LessonKey),
}

impl FakeRecorder {
    pub(crate) fn new(plane: Arc<FakePlane>) -> Self {
        Self { plane, orders: Mutex::default(), full: AtomicBool::new(false) }
    }

    pub(crate) fn orders(&self) -> Vec<Order> {
        self.orders.lock().unwrap().clone()
    }

    /// What is being recorded.
    pub(crate) fn recording(&self) -> Option<RecordOrder> {
        match self.orders().pop()? {
            Order::Record(order, _) => Some(order),
            Order::Stop(_) => None,
        }
    }
}

impl RecorderPlane for FakeRecorder {
    fn record(&self, order: RecordOrder) -> Result<(), Overloaded> {
        if self.full.load(Ordering::Relaxed) {
            return Err(Overloaded);
        }
        let order = Order::Record(order, self.plane.recordable());
        self.orders.lock().unwrap().push(order);
        Ok(())
    }

    fn stop(&self, lesson: &LessonKey) {
        self.orders.lock().unwrap().push(Order::Stop(lesson.clone()));
    }
}
