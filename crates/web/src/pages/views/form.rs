//! A form and its fields, as every page draws them.

/// How a field is drawn, and what the browser is told about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Email,
    Url,
    Phone,
    /// Its value never comes back to the page.
    Password,
    /// A one-time code: digits, in one field.
    Code,
    /// A box to tick; `value` is `on` or empty.
    Checkbox,
}

/// One field: the label above, the hint under it, and what is wrong in words.
#[derive(Debug, Clone)]
pub struct Field {
    /// The name that is posted, and the `id` in the page.
    pub name: &'static str,
    pub label: String,
    pub value: String,
    pub error: Option<String>,
    pub hint: Option<String>,
    pub kind: Kind,
    /// What the browser may fill in (HTML, section 4.10.18.7).
    pub autocomplete: &'static str,
    pub required: bool,
    /// In UTF-16 units, as browsers count. Never set on a password: a browser cuts what is pasted without a word.
    pub max_length: Option<usize>,
    pub min_length: Option<usize>,
}

impl Field {
    pub fn text(name: &'static str, label: &str) -> Self {
        Self {
            name,
            label: label.to_owned(),
            value: String::new(),
            error: None,
            hint: None,
            kind: Kind::Text,
            autocomplete: "off",
            required: false,
            max_length: None,
            min_length: None,
        }
    }

    pub fn email(name: &'static str) -> Self {
        let field = Self::text(name, "E-mail address").autocomplete("email").max_length(254);
        Self { kind: Kind::Email, required: true, ..field }
    }

    /// An e-mail address or a username.
    pub fn identifier() -> Self {
        Self::text("identifier", "E-mail address or username")
            .autocomplete("username")
            .max_length(254)
            .required()
    }

    pub fn current_password(name: &'static str, label: &str) -> Self {
        let field = Self::text(name, label).autocomplete("current-password").required();
        Self { kind: Kind::Password, ..field }
    }

    /// A password to be chosen, of at least `min_length` characters.
    pub fn new_password(name: &'static str, label: &str, min_length: usize) -> Self {
        let hint = format!("At least {min_length} characters. A few unrelated words are easy to remember.");
        let field = Self::text(name, label).autocomplete("new-password").required().hint(&hint);
        Self { kind: Kind::Password, min_length: Some(min_length), ..field }
    }

    /// The six digits of a mail. Longer than six, so that a pasted `123 456` is not cut.
    pub fn code() -> Self {
        let field =
            Self::text("code", "Code from the mail").autocomplete("one-time-code").max_length(16).required();
        Self { kind: Kind::Code, ..field }
    }

    pub fn checkbox(name: &'static str, label: &str) -> Self {
        Self { kind: Kind::Checkbox, ..Self::text(name, label) }
    }

    #[must_use]
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    #[must_use]
    pub fn hint(self, hint: &str) -> Self {
        Self { hint: Some(hint.to_owned()), ..self }
    }

    #[must_use]
    pub fn value(self, value: &str) -> Self {
        Self { value: value.to_owned(), ..self }
    }

    #[must_use]
    pub fn autocomplete(self, autocomplete: &'static str) -> Self {
        Self { autocomplete, ..self }
    }

    #[must_use]
    pub fn max_length(self, max_length: usize) -> Self {
        Self { max_length: Some(max_length), ..self }
    }

    pub(super) fn is_checkbox(&self) -> bool {
        self.kind == Kind::Checkbox
    }

    pub(super) fn is_code(&self) -> bool {
        self.kind == Kind::Code
    }

    pub(super) fn input_type(&self) -> &'static str {
        match self.kind {
            // `number` would drop leading zeros and scroll with the wheel.
            Kind::Text | Kind::Code => "text",
            Kind::Email => "email",
            Kind::Url => "url",
            Kind::Phone => "tel",
            Kind::Password => "password",
            Kind::Checkbox => "checkbox",
        }
    }

    pub(super) fn input_mode(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Code => Some("numeric"),
            Kind::Email => Some("email"),
            Kind::Url => Some("url"),
            Kind::Phone => Some("tel"),
            _ => None,
        }
    }

    /// Whether the browser must leave what is typed as it is typed.
    pub(super) fn is_verbatim(&self) -> bool {
        matches!(self.kind, Kind::Email | Kind::Url | Kind::Phone | Kind::Password | Kind::Code)
            || self.autocomplete.starts_with("username")
    }

    pub(super) fn shown_value(&self) -> &str {
        if self.kind == Kind::Password { "" } else { &self.value }
    }

    /// The hint without the sentences that the error says as well.
    pub(super) fn shown_hint(&self) -> Option<String> {
        let hint = self.hint.as_deref()?;
        let error = self.error.as_deref().unwrap_or_default().to_lowercase();
        let says = |sentence: &str| error.contains(sentence.trim_end_matches('.').to_lowercase().as_str());
        let left: Vec<&str> = hint.split_inclusive(". ").map(str::trim).filter(|one| !says(one)).collect();
        (!left.is_empty()).then(|| left.join(" "))
    }

    /// The ids of what describes the field: what is wrong first, then the hint.
    pub(super) fn described_by(&self) -> Option<String> {
        let error = self.error.as_ref().map(|_| format!("{}-error", self.name));
        let hint = self.shown_hint().map(|_| format!("{}-hint", self.name));
        let ids: Vec<String> = error.into_iter().chain(hint).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

/// A form that posts, with its one button.
#[derive(Debug, Clone)]
pub struct Form {
    /// A path below the base, such as `/sign-in`.
    pub action: &'static str,
    /// What goes along unseen.
    pub hidden: Vec<(String, String)>,
    /// What is wrong with the form as a whole.
    pub alert: Option<String>,
    pub fields: Vec<Field>,
    /// What the button does, in words.
    pub submit: &'static str,
    /// What the button says while it is at work.
    pub busy: &'static str,
    /// Another way on, with what was typed here.
    pub other: Option<Other>,
    /// The account that a password belongs to, for password managers where the form doesn't ask for it.
    pub account: Option<String>,
    /// A puzzle that the browser solves before the form is sent.
    pub challenge: Option<Challenge>,
    /// Whether the page is about this form, so that the first field that wants something takes the focus.
    pub focus: bool,
}

impl Form {
    pub fn new(action: &'static str, submit: &'static str, busy: &'static str) -> Self {
        Self {
            action,
            hidden: Vec::new(),
            alert: None,
            fields: Vec::new(),
            submit,
            busy,
            other: None,
            account: None,
            challenge: None,
            focus: true,
        }
    }

    #[must_use]
    pub fn with(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    #[must_use]
    pub fn hide(mut self, name: &str, value: &str) -> Self {
        self.hidden.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Keeps where to go afterwards.
    #[must_use]
    pub fn redirect_to(self, target: Option<&str>) -> Self {
        match target {
            Some(target) => self.hide("redirect_to", target),
            None => self,
        }
    }

    #[must_use]
    pub fn for_account(mut self, email: &str) -> Self {
        self.account = Some(email.to_owned());
        self
    }

    /// A second button, which sends the same fields elsewhere, whether or not all are filled in.
    #[must_use]
    pub fn or(mut self, action: &'static str, submit: &'static str, busy: &'static str) -> Self {
        self.other = Some(Other { action, submit, busy });
        self
    }

    /// Puts what was typed back into its field. A name that the form doesn't have is passed over.
    pub fn fill(&mut self, name: &str, value: &str) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == name) {
            value.clone_into(&mut field.value);
        }
    }

    /// Says what is wrong with a field; with one that the form doesn't have, above the form.
    pub fn fault(&mut self, name: &str, detail: &str) {
        match self.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => field.error = Some(detail.to_owned()),
            None => self.alert = Some(detail.to_owned()),
        }
    }

    /// How many fields are at fault.
    pub fn faults(&self) -> usize {
        self.fields.iter().filter(|field| field.error.is_some()).count()
    }

    pub(super) fn takes_focus(&self, field: &Field) -> bool {
        let first = match self.faults() {
            0 if self.focus => self.fields.iter().find(|field| field.value.is_empty()),
            0 => None,
            _ => self.fields.iter().find(|field| field.error.is_some()),
        };
        first.is_some_and(|first| first.name == field.name)
    }
}

/// The second button of a form.
#[derive(Debug, Clone)]
pub struct Other {
    /// A path below the base.
    pub action: &'static str,
    pub submit: &'static str,
    pub busy: &'static str,
}

/// A proof-of-work puzzle.
#[derive(Debug, Clone)]
pub struct Challenge {
    pub text: String,
    pub difficulty: u32,
    /// A browser that solves none sends it back unsolved after a minute.
    pub waits: bool,
}

impl Challenge {
    pub fn new(text: String, difficulty: u32) -> Self {
        Self { text, difficulty, waits: false }
    }
}

/// The second form of a page that waits for a mail: send it again.
#[derive(Debug, Clone)]
pub struct Resend {
    /// A path below the base.
    pub action: &'static str,
    pub hidden: Vec<(String, String)>,
    /// How long until it may be asked for again; zero: at once.
    pub wait_seconds: u64,
}
