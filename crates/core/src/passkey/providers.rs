//! What keeps passkeys, by the AAGUID that it says of itself (Web Authentication, section 6.5.1). A name for people, and
//! nothing more: without attestation nobody vouches for it.

use uuid::{Uuid, uuid};

/// What sort of thing it is, for a picture. Makers' marks are theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An account at a maker of phones, on all of its devices.
    Synced,
    /// A password manager.
    Manager,
    /// This one computer.
    Computer,
    SecurityKey,
}

/// AAGUIDs as their makers publish them.
const PROVIDERS: &[(Uuid, &str, Kind)] = &[
    (uuid!("fbfc3007-154e-4ecc-8c0b-6e020557d7bd"), "iCloud Keychain", Kind::Synced),
    (uuid!("dd4ec289-e01d-41c9-bb89-70fa845d4bf2"), "iCloud Keychain", Kind::Synced),
    (uuid!("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4"), "Google Password Manager", Kind::Synced),
    (uuid!("adce0002-35bc-c60a-648b-0b25f1f05503"), "Chrome on Mac", Kind::Computer),
    (uuid!("771b48fd-d3d4-4f74-9232-fc157ab0507a"), "Edge on Mac", Kind::Computer),
    (uuid!("b5397666-4885-aa6b-cebf-e52262a439a2"), "Chromium", Kind::Computer),
    (uuid!("08987058-cadc-4b81-b6e1-30de50dcbe96"), "Windows Hello", Kind::Computer),
    (uuid!("9ddd1817-af5a-4672-a2b9-3e3dd95000a9"), "Windows Hello", Kind::Computer),
    (uuid!("6028b017-b1d4-4c02-b4b3-afcdafc96bb2"), "Windows Hello", Kind::Computer),
    (uuid!("53414d53-554e-4700-0000-000000000000"), "Samsung Pass", Kind::Synced),
    (uuid!("bada5566-a7aa-401f-bd96-45619a55120d"), "1Password", Kind::Manager),
    (uuid!("d548826e-79b4-db40-a3d8-11116f7e8349"), "Bitwarden", Kind::Manager),
    (uuid!("531126d6-e717-415c-9320-3d9aa6981239"), "Dashlane", Kind::Manager),
    (uuid!("b84e4048-15dc-4dd0-8640-f4f60813c8af"), "NordPass", Kind::Manager),
    (uuid!("0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6"), "Keeper", Kind::Manager),
    (uuid!("f3809540-7f14-49c1-a8b3-8f813b225541"), "Enpass", Kind::Manager),
    (uuid!("fdb141b2-5d84-443e-8a35-4698c205a502"), "KeePassXC", Kind::Manager),
    (uuid!("50726f74-6f6e-5061-7373-50726f746f6e"), "Proton Pass", Kind::Manager),
    (uuid!("cb69481e-8ff7-4039-93ec-0a2729a154a8"), "YubiKey 5", Kind::SecurityKey),
    (uuid!("ee882879-721c-4913-9775-3dfcce97072a"), "YubiKey 5", Kind::SecurityKey),
    (uuid!("fa2b99dc-9e39-4257-8f92-4a30d23c4118"), "YubiKey 5 NFC", Kind::SecurityKey),
    (uuid!("2fc0579f-8113-47ea-b116-bb5a8db9202a"), "YubiKey 5 NFC", Kind::SecurityKey),
    (uuid!("c5ef55ff-ad9a-4b9f-b580-adebafe026d0"), "YubiKey 5Ci", Kind::SecurityKey),
    (uuid!("73bb0cd4-e502-49b8-9c6f-b59445bf720b"), "YubiKey 5 FIPS", Kind::SecurityKey),
    (uuid!("c1f9a0bc-1dd2-404a-b27f-8e29047a43fd"), "YubiKey 5 NFC FIPS", Kind::SecurityKey),
    (uuid!("d8522d9f-575b-4866-88a9-ba99fa02f35b"), "YubiKey Bio", Kind::SecurityKey),
];

pub(super) fn find(aaguid: Uuid) -> Option<(&'static str, Kind)> {
    PROVIDERS.iter().find(|(known, ..)| *known == aaguid).map(|(_, name, kind)| (*name, *kind))
}
