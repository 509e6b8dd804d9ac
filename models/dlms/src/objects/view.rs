//! Which meter is asked, when and by whom.

use crate::meter::client::Client;
use crate::meter::fleet::Meter;
use crate::objects::put::Text;
use crate::session::Session;
use crate::vocabulary::moment::Moment;

/// What a value is read for.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The meter.
    pub meter: Meter<'a>,
    /// Civil time of the request.
    pub now: Moment,
    /// Who asks.
    pub client: Client,
    /// The association that the request came through; without one its objects show what a client usually agrees on.
    pub session: Option<&'a Session>,
}

impl View<'_> {
    /// Name of the logical device: the manufacturer's letters and the meter's number.
    pub fn device_name(&self) -> Text {
        Text::of(&self.meter.vendor().flag, self.meter.number)
    }
}
