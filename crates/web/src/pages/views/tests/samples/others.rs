//! What belongs to no account, and to those who run the server.

use doorward_core::context::Time;

use super::*;

pub fn all(add: &mut Add) {
    others(add);
    docs(add);
}

fn others(add: &mut Add) {
    let form = FirstAdminPage::form("dw_token", 8);
    add("first-admin", &FirstAdminPage { layout: layout("Make the first administrator"), form });
    let form = wrong(FirstAdminPage::form(EVIL, 8), EVIL);
    add("first-admin-hostile", &FirstAdminPage { layout: branded("Make the first administrator"), form });

    let now = Time::from_micros(1_800_000_000_000_000);
    let row = |id: &str, to: &str, subject: &str, seconds: i64| MailRow {
        id: id.to_owned(),
        to: to.to_owned(),
        subject: subject.to_owned(),
        at: Moment::new(Time::from_micros(now.micros() - seconds * 1_000_000), now),
    };
    let mails = || {
        vec![
            row("mail_1", EMAIL, "Set a new password for Doorward", 4),
            row("mail_2", LONG, "Verify your e-mail address for Doorward", 300),
            row("mail_3", EVIL, EVIL, 90_000),
        ]
    };
    let shown = |subject: &str, text: &str| MailShown {
        id: "mail_1".to_owned(),
        from: "Doorward <doorward@localhost>".to_owned(),
        to: EMAIL.to_owned(),
        subject: subject.to_owned(),
        at: Moment::new(now, now),
        text: text.to_owned(),
    };
    let title = "Mailbox";
    let text = "Set a new password\n\nSomebody, most likely you, asked for this.\n\nhttps://example.com/reset-password?token=dw_lt_3vQ9yq7GmYVJkG0n1c2Zp5b8Xr4sT6uWlAeIoDfHjKzC\n\n482913\n";
    let layout = Layout { dev_banner: true, ..layout(title) };
    let page = |mails, selected, to| MailboxPage { layout: layout.clone(), mails, selected, to };
    add("mailbox-empty", &page(Vec::new(), None, None));
    add("mailbox-nobody", &page(Vec::new(), None, Some(EVIL.to_owned())));
    add("mailbox-list", &page(mails(), None, Some(EMAIL.to_owned())));
    add("mailbox", &page(mails(), Some(shown("Set a new password for Doorward", text)), None));
    add("mailbox-hostile", &page(mails(), Some(shown(EVIL, &format!("{EVIL}\nhttps://x/{EVIL}"))), None));

    for (name, status, title, detail) in [
        ("error-404", 404, "There is nothing here", "Nothing was found under this address. Check it."),
        (
            "error-500",
            500,
            "Something went wrong",
            "Something went wrong on our side. Try again; if it stays, report the request id.",
        ),
        ("error-hostile", 400, EVIL, EVIL),
    ] {
        let page = ErrorPage {
            layout: if status == 500 { inside(title) } else { self::layout(title) },
            status,
            title: title.to_owned(),
            detail: detail.to_owned(),
            code: "not_found".to_owned(),
            request_id: "0198a7c2f3b47c1e9d5a6b7c8d9e0f10".to_owned(),
        };
        add(name, &page);
    }
    for (name, detail, ways) in [
        (
            "dead-link",
            "It has been used.",
            vec![("/sign-in", "Go to sign-in"), ("/sign-up", "Sign up again")],
        ),
        ("dead-link-hostile", EVIL, vec![("/forgot-password", EVIL)]),
    ] {
        let layout = self::layout("That link does not work");
        add(name, &DeadLinkPage { layout, detail: detail.to_owned(), ways });
    }
    let page = ProblemPage {
        layout: self::layout("Too many attempts"),
        title: "Too many attempts".to_owned(),
        detail: "There were too many attempts. Wait a little and try again.".to_owned(),
        status: 429,
        code: "rate_limited".to_owned(),
    };
    add("problem", &page);
}

fn docs(add: &mut Add) {
    let operation = |method: &str, path: &str, summary: &str| Operation {
        method: method.to_owned(),
        path: path.to_owned(),
        summary: summary.to_owned(),
        description:
            "Takes an e-mail address or a username.\n\nAnswers alike for a known and an unknown one."
                .to_owned(),
        permission: "anyone".to_owned(),
        request_fields: vec![
            RequestField {
                name: "identifier".to_owned(),
                kind: "string".to_owned(),
                required: true,
                description: "E-mail address or username.".to_owned(),
            },
            RequestField {
                name: "remember".to_owned(),
                kind: "boolean".to_owned(),
                required: false,
                description: "Stay signed in for 30 days without use in place of 7.".to_owned(),
            },
        ],
        responses: vec![
            Response { status: "200".to_owned(), description: "Signed in.".to_owned() },
            Response { status: "401".to_owned(), description: "invalid_credentials".to_owned() },
        ],
    };
    let group = |name: &str, operations| OperationGroup {
        name: name.to_owned(),
        description: "What a person does to come in.".to_owned(),
        operations,
    };
    let groups = vec![
        group("Sign in", vec![operation("POST", "/v1/sign-in", "Sign in with a password")]),
        group(
            "Sessions",
            vec![
                operation("GET", "/v1/me/sessions", "List the sessions"),
                operation("DELETE", "/v1/me/sessions/{id}", EVIL),
            ],
        ),
    ];
    let introduction = "JSON in and out.\n\nErrors are application/problem+json.".to_owned();
    let layout = || layout("API reference");
    add("docs", &DocsPage { layout: layout(), version: "0.1.0".to_owned(), introduction, groups });
    let introduction = String::new();
    add(
        "docs-empty",
        &DocsPage { layout: layout(), version: "0.1.0".to_owned(), introduction, groups: Vec::new() },
    );
}
