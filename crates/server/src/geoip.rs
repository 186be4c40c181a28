//! Places from a file in MaxMind's format (a City or Country database of whoever makes one), read once at the start.

use std::net::IpAddr;
use std::path::Path;

use doorward_core::place::Places;
use maxminddb::{Reader, geoip2};

pub struct GeoIp(Reader<Vec<u8>>);

impl GeoIp {
    /// # Errors
    /// What is wrong with the file.
    pub fn open(path: &Path) -> Result<Self, String> {
        Reader::open_readfile(path).map(Self).map_err(|error| error.to_string())
    }
}

impl Places for GeoIp {
    fn place(&self, ip: IpAddr) -> Option<String> {
        // A Country database has the same members but for the city.
        let found: geoip2::City<'_> = self.0.lookup(ip.to_canonical()).ok()?.decode().ok()??;
        let words = [found.city.names.english, found.country.names.english];
        let words: Vec<&str> = words.into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}
