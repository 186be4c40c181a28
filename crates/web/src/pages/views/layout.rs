//! What every page has around it.

use std::fmt::Write as _;

use doorward_core::mail::templates::colour;

/// What every page has around it.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The path under which every route lives: empty, or `/auth` without a trailing slash.
    pub base: String,
    pub product_name: String,
    /// What the page is called, in the browser's tab and as its heading where it has no other.
    pub title: String,
    /// Says on every page that this server runs in development mode.
    pub dev_banner: bool,
    /// Whether `{base}/assets/brand.css` stands behind the stylesheet.
    pub accent_css: bool,
    /// The address of whoever is signed in.
    pub user: Option<String>,
}

/// The stylesheet of a brand's accent, `#rrggbb`: made lighter or darker until text in it and on it can be read in
/// both colour schemes. `None` for what is no such colour.
pub fn brand_css(accent: &str) -> Option<String> {
    let light = colour::on_light(accent)?;
    let dark = colour::on_dark(accent)?;
    let mut css = String::new();
    let light = format!("--accent:{light};--on-accent:{}", colour::text_on(&light)?);
    let dark = format!("--accent:{dark};--on-accent:{}", colour::text_on(&dark)?);
    let _ = writeln!(css, ":root{{{light}}}");
    let _ = writeln!(css, "@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}");
    let _ = writeln!(css, ":root[data-theme=dark]{{{dark}}}");
    Some(css)
}
