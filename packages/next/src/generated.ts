// Made from docs/openapi.json by `npm run types`. Not to be edited.

export interface paths {
    "/forward-auth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * For gateways: whether a request may pass, and who is asking.
         * @description Answers only a gateway: a peer in `http.trusted_proxies`, or one that shows the proxy secret. It sends the request's own
         *     headers, and tells what was asked for in `X-Original-URL`, or in `X-Forwarded-Proto`, `-Host` and `-Uri`. Never refreshes
         *     a session, never sets a cookie.
         */
        get: {
            parameters: {
                query?: {
                    /** @description A role that is needed */
                    role?: string;
                    /** @description A permission that is needed */
                    permission?: string;
                    /** @description Whether the address must be verified */
                    verified?: boolean;
                    /** @description The least level of the sign-in: `aal1`, `aal2` or `aal3` */
                    acr?: string;
                    /** @description `redirect`: 303 to sign-in for a page, in place of 401 */
                    mode?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It may. Who is asking is in the headers, percent-encoded where not visible ASCII */
                200: {
                    headers: {
                        "X-Auth-Email"?: string;
                        "X-Auth-Email-Verified"?: boolean;
                        /** @description With commas between them */
                        "X-Auth-Roles"?: string;
                        /** @description The session's id */
                        "X-Auth-Session"?: string;
                        /** @description The account's id */
                        "X-Auth-Subject"?: string;
                        /** @description The same as a JWT of 60 seconds for the service: `typ` is `internal+jwt`, `aud` the origin that was asked for */
                        "X-Auth-Token"?: string;
                        /** @description Empty where there is none */
                        "X-Auth-Username"?: string;
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nobody is signed in, and a person asked for a page (`mode=redirect`) */
                303: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nobody is signed in. `X-Auth-Redirect` leads a person there */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Somebody is, who may not */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query asks for what there is not */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/account/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Restore a closed account, by the link of the mail. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TokenRequest"];
                };
            };
            responses: {
                /** @description It is open again; sign in */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The link does not work */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search the audit log, newest first. Needs the permission `audit:read`. */
        get: {
            parameters: {
                query?: {
                    /** @description What happened to this account: its id */
                    user?: string;
                    /** @description What happened, such as `sign_in` */
                    type?: string;
                    /** @description This moment and later: RFC 3339, or a date */
                    since?: string;
                    /** @description Before this moment */
                    until?: string;
                    /** @description How many at most: 1 to 200, 50 unless said */
                    limit?: number;
                    /** @description The `next_cursor` of an earlier answer */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What happened */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AuditEventList"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The permission is missing */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query needs attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a proof-of-work puzzle.
         * @description Its solution goes into `challenge_response` of a request that was refused with `challenge_required`. Each is used once.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A puzzle */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ChallengeAnswer"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/email/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify an e-mail address.
         * @description By the link's token, or by address and code. Confirming a sign-up signs in; verifying the address of an account that
         *     exists answers `{"status": "verified"}`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["VerifyEmailRequest"];
                };
            };
            responses: {
                /** @description Signed in, or verified */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignInAnswer"];
                    };
                };
                /** @description The link or the code does not work */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The password is not the sign-up's */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/email/verify/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send the verification mail again.
         * @description Answers alike for every address.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ResendRequest"];
                };
            };
            responses: {
                /** @description If the address waits for its verification, a mail is on its way */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The signed-in account. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The account */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["User"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /**
         * Close the account.
         * @description Every session ends. Until it is deleted for good, the link of the mail restores it.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is closed */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Closed"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description It is the last active administrator's */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Change the profile. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ProfileRequest"];
                };
            };
            responses: {
                /** @description The account as it is now */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["User"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/v1/me/activity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened to your account, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many at most: 1 to 200, 50 unless said */
                    limit?: number;
                    /** @description The `next_cursor` of an earlier answer */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What happened */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ActivityList"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query needs attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/backup-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See how many backup codes are left. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description How many are left */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BackupCodesView"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Make new backup codes.
         * @description They are shown once. The earlier ones no longer work.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The new codes */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewBackupCodes"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account has no second factor that they could stand in for */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The devices that the account was signed in from, last seen first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many items at most: 50 unless said. */
                    limit?: number;
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The devices */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_KnownDevice"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description A query that makes no sense */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/devices/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Forget a device. The sessions that live in it end. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The device */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is forgotten */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account has no such device */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Give a device a name. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The device */
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RenameRequest"];
                };
            };
            responses: {
                /** @description The device as it is now */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["KnownDevice"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account has no such device */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/v1/me/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the e-mail address.
         * @description The new address is mailed a link and a code to confirm it. Answers alike for one that has an account already.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ChangeEmailRequest"];
                };
            };
            responses: {
                /** @description A mail is on its way to the new address */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/email/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a change of e-mail address back.
         * @description By the link that the old address was mailed. Every session ends, the password stops working, and the old address gets a
         *     mail to set a new one.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TokenRequest"];
                };
            };
            responses: {
                /** @description The account has its old address again */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The link does not work */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `account_disabled`: everybody is signed out, but another account has the old address now, so that this one is shut until the operator has looked at it */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/email/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Confirm the new e-mail address. The old one is told, and can undo the change for a week. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["VerifyEmailChangeRequest"];
                };
            };
            responses: {
                /** @description The account as it is now */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["User"];
                    };
                };
                /** @description The link or the code does not work */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required`, where the account has a second factor since */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Another account has that address now */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything that is held about you. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Everything that is held */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ExportView"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/factors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List one's second factors. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The second factors */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FactorsAnswer"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Have sign-ins ask for a passkey after the password, or not. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ChangeFactors"];
                };
            };
            responses: {
                /** @description The second factors */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ChangedFactors"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account has no passkey */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/v1/me/passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Your passkeys, the newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many items at most: 50 unless said. */
                    limit?: number;
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The passkeys */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PasskeyList"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description A query that makes no sense */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/passkeys/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add a passkey. The account's owner is told by mail. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AddPasskey"];
                };
            };
            responses: {
                /** @description Added */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Passkey"];
                    };
                };
                /** @description `invalid_or_expired_token`: begin again; `malformed_request`: it could not be verified */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description It is in use already, or the account has as many as it may have */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/passkeys/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin to add a passkey. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": components["schemas"]["Nothing"] | null;
                };
            };
            responses: {
                /** @description What to hand to navigator.credentials.create */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PasskeyStarted"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account has as many as it may have */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/passkeys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a passkey. Nobody signs in with it any more, and the account's owner is told by mail. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The passkey */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is removed */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account has no such passkey */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `last_sign_in_method`: nobody could get in without it; `conflict`: it is the last second factor of an account that needs one */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Give a passkey another name. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The passkey */
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RenamePasskey"];
                };
            };
            responses: {
                /** @description The passkey as it is now */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Passkey"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account has no such passkey */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove the password.
         * @description For an account that is signed in to by passkey or by mail. Its owner is told by mail. It needs a proof of the last ten minutes.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The account has no password any more */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account has no password */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `last_sign_in_method`: nobody could get in without it */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/phone": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the phone number. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The number, where there is one */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Phone"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Add a phone number, or another in its place. A code is sent to it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PhoneRequest"];
                };
            };
            responses: {
                /** @description The code is on its way */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The settings name no provider of SMS */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many messages */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Remove the phone number. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description No codes go to it any more */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account has none */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account needs a second factor, and this is the last */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/phone/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Verify the phone number by the code that was sent to it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PhoneVerifyRequest"];
                };
            };
            responses: {
                /** @description The number is the account's */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PhoneVerified"];
                    };
                };
                /** @description The code does not work */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required`: the account has a second factor meanwhile */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The settings name no provider of SMS */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many attempts */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The live sessions of the account, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description How many items at most: 50 unless said. */
                    limit?: number;
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The sessions */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Session"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description A query that makes no sense */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End one session. Its tokens are refused from now on. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description The session */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It has ended */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account has no such session */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to set up an authenticator app.
         * @description It counts once a code of it is confirmed, and takes the place of an earlier one.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What the app is told */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TotpSetUp"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /**
         * Remove the authenticator app.
         * @description With the last second factor the backup codes go as well.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Removed */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is none */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account needs a second factor, and this is the last */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/totp/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Confirm the authenticator app by a code of it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ConfirmTotpRequest"];
                };
            };
            responses: {
                /** @description The app counts */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TotpAnswer"];
                    };
                };
                /** @description The code does not work */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required`: the account has a second factor meanwhile */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description No set-up is under way */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/not-me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that what a mail told of was not you.
         * @description Every session of the account ends, no device is known any more, the password stops working, and a mail to set a new one
         *     goes out. Passkeys that were added since the oldest mail of this kind (seven days at most) are removed; so are second factors,
         *     unless the account had one before that: whoever added another had to prove it. There a passkey that is the only second factor
         *     stays one, and signs in no more by itself until it has come second in a sign-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NotMeRequest"];
                };
            };
            responses: {
                /** @description Everybody is signed out; the mail to set a new password is on its way */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The link does not work */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `account_disabled`: everybody is signed out, but another account has the address now, so that this one is shut until the operator has looked at it */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/password/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the password. Every other session of the account ends, this one gets new tokens.
         * @description An account that is signed in to by passkey alone gets its first password; that asks for a recent sign-in.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ChangeRequest"];
                };
            };
            responses: {
                /** @description Changed; the new tokens, for a client without cookies */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TokensAnswer"];
                    };
                };
                /** @description Changed; the new tokens are in the cookies */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `reauthentication_required`, where a first password is set */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The password was changed meanwhile */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/password/forgot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a mail to reset a forgotten password.
         * @description Answers alike for every address.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ForgotRequest"];
                };
            };
            responses: {
                /** @description If the address has an account, a mail is on its way */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reset a forgotten password. Every session of the account ends. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ResetRequest"];
                };
            };
            responses: {
                /** @description The new password holds; sign in with it */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The link or the code does not work */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reauthenticate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm that it is you.
         * @description Sensitive requests ask for it (`reauthentication_required`) where the last proof is older than ten minutes. The new
         *     tokens count as fresh, older ones of the session do not.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ReauthenticateRequest"];
                };
            };
            responses: {
                /** @description New tokens, fresh for ten minutes */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TokensAnswer"];
                    };
                };
                /** @description The code does not work, or the passkey's challenge is gone */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nobody is signed in; or the passkey is refused: `invalid_credentials`, `passkey_unknown`, `user_verification_required` */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reauthenticate/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have a code mailed, or begin with a passkey, to confirm that it is you. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ReauthenticateStart"];
                };
            };
            responses: {
                /** @description What to hand to navigator.credentials.get */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PasskeyStarted"];
                    };
                };
                /** @description The code is on its way */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description That method is not accepted */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that the second factor is lost.
         * @description Mails go out at the start, halfway and at the end; each can cancel it. Nothing changes before its end. Where a recovery
         *     is under way, that one is answered.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RecoveryRequest"];
                };
            };
            responses: {
                /** @description It waits */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RecoveryAnswer"];
                    };
                };
                /** @description The sign-in took too long */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account has no second factor that could be lost */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel a recovery, by a mail's link or from any session of the account. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": components["schemas"]["CancelRecoveryRequest"] | null;
                };
            };
            responses: {
                /** @description Cancelled */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The link does not work */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Neither a link nor a session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description No recovery is under way */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Complete a recovery: the second factors are removed, every session ends, and the next sign-in sets up a new one. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CompleteRecoveryRequest"];
                };
            };
            responses: {
                /** @description The second factors are gone */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The link does not work */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description It is not ready yet */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/revocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Listen to which sessions end.
         * @description Events: `snapshot` once at the start, with all that still matters; then `revoked` for each ending, within a second. Both
         *     hold `{"sid"}` for a session, or `{"sub", "before"}` (seconds) for every token of an account that was made before. A
         *     comment comes every five seconds; whoever hears nothing for fifteen has lost the feed and must ask the server until it is
         *     back. With `Last-Event-ID` it goes on from there. What was told may be told again.
         */
        get: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The last event that was heard */
                    "Last-Event-ID"?: string | null;
                };
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The feed */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                /** @description No live service key */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The key does not have the scope `revocations:read` */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There are too many listeners, or this node has not heard from the others */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The session check: who is signed in, and by which session. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Somebody is signed in */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CurrentSession"];
                    };
                };
                /** @description Nobody is; `token_expired` asks for a refresh */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with a password. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SignInRequest"];
                };
            };
            responses: {
                /** @description Signed in, or the second factor is due */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignInAnswer"];
                    };
                };
                /** @description The details do not match */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account is disabled, or its address not verified: told after a right password only */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many attempts, or the account is locked for a while */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have a link and a code mailed, to sign in by.
         * @description Answers alike for every address. Asking again ends the link and the code of before.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["EmailSignInRequest"];
                };
            };
            responses: {
                /** @description If the address has an account, a mail is on its way */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EmailSignInAnswer"];
                    };
                };
                /** @description The settings switch sign-in by mail off */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in/email/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in by a mailed link or code.
         * @description Both work only where the mail was asked for: with its cookie, or with its `flow_token`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["EmailSignInVerifyRequest"];
                };
            };
            responses: {
                /** @description Signed in */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignInAnswer"];
                    };
                };
                /** @description The link or the code does not work, or not here */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account is disabled: told after a right link or code only */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The settings switch sign-in by mail off */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many attempts */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in/enrol/passkey/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add the passkey, have sign-ins ask for it from now on, and sign in. The account's owner is told by mail. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["FinishPasskeyEnrolmentRequest"];
                };
            };
            responses: {
                /** @description Signed in */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EnrolledAnswer"];
                    };
                };
                /** @description `invalid_or_expired_token`: begin again, or sign in anew; `malformed_request`: it could not be verified */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description That passkey is in use already */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many attempts */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in/enrol/passkey/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin to make a passkey on the way into an account that needs a second factor. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PasskeyEnrolmentRequest"];
                };
            };
            responses: {
                /** @description What to hand to navigator.credentials.create */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PasskeyStarted"];
                    };
                };
                /** @description `invalid_or_expired_token`: sign in anew */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many attempts */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in/enrol/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set up an authenticator app on the way into an account that needs one. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["EnrolmentRequest"];
                };
            };
            responses: {
                /** @description What the app is told; it counts once a code of it is confirmed */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TotpSetUp"];
                    };
                };
                /** @description `invalid_or_expired_token`: sign in anew */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in/enrol/totp/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Confirm the app by a code of it, and sign in. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ConfirmEnrolmentRequest"];
                };
            };
            responses: {
                /** @description Signed in */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EnrolledAnswer"];
                    };
                };
                /** @description `invalid_or_expired_code`: try again. `invalid_or_expired_token`: sign in anew */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description No set-up is under way */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in/mfa": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take the second step of a sign-in.
         * @description Five tries within ten minutes; after that the sign-in begins anew.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SecondFactorRequest"];
                };
            };
            responses: {
                /** @description Signed in */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignedInAnswer"];
                    };
                };
                /** @description `invalid_or_expired_code`: try again. `invalid_or_expired_token`: sign in anew */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description A passkey that does not hold, or verified nobody where it must */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account has no such second factor */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many wrong codes */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in/mfa/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin the second step, where the method wants that. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["StartSecondFactorRequest"];
                };
            };
            responses: {
                /** @description What to hand to navigator.credentials.get */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PasskeyStarted"];
                    };
                };
                /** @description The code is on its way */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `invalid_or_expired_token`: sign in anew */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account has no such second factor */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in/passkey/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in by passkey. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PasskeySignIn"];
                };
            };
            responses: {
                /** @description Signed in */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignInAnswer"];
                    };
                };
                /** @description `invalid_or_expired_token`: begin again */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description `invalid_credentials`; `passkey_unknown` where no account has it; `user_verification_required` where its PIN, finger or face was not asked for */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The account is disabled, or its address not verified: told after a right passkey only */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many attempts */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in/passkey/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to sign in by passkey.
         * @description Nobody is named: the browser offers what passkeys it has for this site.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": components["schemas"]["Nothing"] | null;
                };
            };
            responses: {
                /** @description What to hand to navigator.credentials.get */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PasskeyStarted"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many attempts */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out: end this session.
         * @description Also works with an access token that has run out. Ending what has ended already succeeds.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": components["schemas"]["SignOutRequest"] | null;
                };
            };
            responses: {
                /** @description This session has ended */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-out/all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign out everywhere: end every session of the account. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": components["schemas"]["SignOutAllRequest"] | null;
                };
            };
            responses: {
                /** @description The sessions have ended */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nobody is signed in */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin a sign-up.
         * @description Answers alike for an address that has an account already: that one gets a mail that says so.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SignUpRequest"];
                };
            };
            responses: {
                /** @description Signed in at once, where addresses are verified later */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignInAnswer"];
                    };
                };
                /** @description A mail was sent; verify the address next */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignUpAnswer"];
                    };
                };
                /** @description `challenge_required`: many sign up just now, so solve one first */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Another account has that address: told only where addresses are verified later */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/token/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Trade the refresh token for new tokens.
         * @description Each refresh token is used once. One that was rotated a moment ago is answered with the current tokens, so that tabs
         *     and retries may race; any other old token ends the session.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": components["schemas"]["RefreshRequest"] | null;
                };
            };
            responses: {
                /** @description New tokens */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TokensAnswer"];
                    };
                };
                /** @description `token_invalid`, `token_reused`, `session_expired`, `session_revoked`: sign in again */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Fields need attention */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Something that happened to the account. */
        Activity: {
            /**
             * @description In words, as far as the browser says.
             * @example Firefox on Linux
             */
            device?: string | null;
            /** @example event_0198a7c2f3b47c1e9d5a6b7c8d9e0f12 */
            id: string;
            ip?: string | null;
            /** @description `success` or `failure`. */
            outcome: string;
            place?: string | null;
            session_id?: string | null;
            /** @description RFC 3339, in UTC. */
            time: string;
            /** @example sign_in */
            type: string;
        };
        /** @description What happened to the account, newest first. */
        ActivityList: {
            items: components["schemas"]["Activity"][];
            next_cursor?: string | null;
        };
        AddPasskey: {
            /** @description `RegistrationResponseJSON` of Web Authentication, Level 3: the credential's `toJSON()`. */
            credential: Record<string, never>;
            /** @description At most 60 characters. Without one it is called after what keeps it. */
            name?: string | null;
            passkey_token: string;
        };
        /** @description An event of the audit log. */
        AuditEvent: {
            /** @description Who did it. Nobody where it was the server, the command line or somebody who is not known. */
            actor_id?: string | null;
            detail: Record<string, never>;
            /** @description In words, as far as the browser says. */
            device?: string | null;
            /** @example event_0198a7c2f3b47c1e9d5a6b7c8d9e0f12 */
            id: string;
            ip?: string | null;
            /** @description `success` or `failure`. */
            outcome: string;
            /**
             * Format: int64
             * @description Its place in the sealed chain; `null` in the second before it is sealed.
             */
            position?: number | null;
            request_id?: string | null;
            session_id?: string | null;
            /** @description RFC 3339, in UTC. */
            time: string;
            /** @example sign_in */
            type: string;
            user_agent?: string | null;
            /** @description To whose account it happened. */
            user_id?: string | null;
        };
        /** @description Events of the audit log, newest first. */
        AuditEventList: {
            items: components["schemas"]["AuditEvent"][];
            next_cursor?: string | null;
        };
        /** @description How many backup codes are left. */
        BackupCodesView: {
            /**
             * Format: date-time
             * @description `null` where there were never any.
             */
            created_at?: string | null;
            remaining: number;
        };
        CancelRecoveryRequest: {
            /** @description The token of a mail's link. Without it the session's own account is meant. */
            token?: string | null;
        };
        /**
         * @description A puzzle. Find a nonce (1 to 32 characters without a dot) such that the SHA-256 of `{challenge}.{nonce}` begins with
         *     `difficulty` zero bits; `{challenge}.{nonce}` is the `challenge_response`.
         */
        ChallengeAnswer: {
            /** @example sha-256 */
            algorithm: string;
            challenge: string;
            /**
             * Format: int32
             * @description Leading bits of the hash that must be zero.
             * @example 16
             */
            difficulty: number;
            /** @description RFC 3339, in UTC. */
            expires_at: string;
        };
        ChangeEmailRequest: {
            /** @example ada@example.org */
            new_email: string;
        };
        ChangeFactors: {
            /** @description Ask for a passkey after the password. */
            passkey_second_factor: boolean;
        };
        ChangeRequest: {
            /** @description Left out where the account has no password yet. */
            current_password?: string | null;
            new_password: string;
        };
        /** @description The second factors after a change. */
        ChangedFactors: components["schemas"]["FactorsAnswer"] & {
            /** @description Shown once. Absent where the account has a set already. */
            backup_codes?: string[] | null;
        };
        Closed: {
            /** @description When it is deleted for good. RFC 3339, in UTC. */
            deletes_at: string;
        };
        CompleteRecoveryRequest: {
            /** @description The token of the last mail's link. */
            token: string;
        };
        ConfirmEnrolmentRequest: {
            /** @example 123456 */
            code: string;
            delivery?: components["schemas"]["Delivery"] | null;
            mfa_token: string;
        };
        ConfirmTotpRequest: {
            /** @example 123456 */
            code: string;
        };
        /** @description Who is signed in, and by which session. */
        CurrentSession: {
            session: components["schemas"]["Session"];
            user: components["schemas"]["User"];
        };
        /** @enum {string} */
        Delivery: "cookie" | "body";
        /** @description What the session runs on, as far as the browser says. */
        Device: {
            browser?: string | null;
            /**
             * @description None for a client without cookies.
             * @example device_0198a7c2f3b47c1e9d5a6b7c8d9e0f12
             */
            id?: string | null;
            /** @description `desktop`, `phone`, `bot` or `other`. */
            kind: string;
            /** @description What its owner calls it, or else what the browser says. */
            name: string;
            os?: string | null;
        };
        /** @description A change of the account's address. */
        EmailChange: {
            /** @description RFC 3339, in UTC. */
            asked_at: string;
            confirmed_at?: string | null;
            new_email: string;
            old_email: string;
            /** @description When it was taken back. */
            undone_at?: string | null;
        };
        EmailSignInAnswer: {
            /**
             * Format: int64
             * @description Seconds until the link and the code run out.
             * @example 600
             */
            expires_in: number;
            /** @description With body delivery: ties the link and the code to this request. A browser gets it as a cookie. */
            flow_token?: string | null;
        };
        EmailSignInRequest: {
            delivery?: components["schemas"]["Delivery"] | null;
            /** @example ada@example.com */
            email: string;
            /** @description What an earlier request was answered, which this one takes the place of. A browser sends its cookie. */
            flow_token?: string | null;
            /** @description Keep the session for longer on this device. */
            remember?: boolean | null;
        };
        EmailSignInVerifyRequest: {
            /** @example 123456 */
            code?: string | null;
            delivery?: components["schemas"]["Delivery"] | null;
            email?: string | null;
            /** @description What the request for the mail was answered with body delivery. A browser sends its cookie. */
            flow_token?: string | null;
            /** @description Keep the session for longer on this device: in place of what was said with the request for the mail. */
            remember?: boolean | null;
            /** @description The token of the mail's link; or else `email` and `code`. */
            token?: string | null;
        };
        /** @description A session that is over. */
        EndedSession: components["schemas"]["Session"] & {
            /** @description Why it ended, such as `sign_out` or `password_changed`; `expired` where its time was over. */
            end_reason: string;
            /** @description RFC 3339, in UTC. */
            ended_at: string;
        };
        /** @description Signed in, with a second factor from now on. */
        EnrolledAnswer: components["schemas"]["SignedInAnswer"] & {
            /** @description Shown once. Absent where the account has a set already. */
            backup_codes?: string[] | null;
        };
        EnrolmentRequest: {
            /** @description What the first step answered with `enrolment_required`. */
            mfa_token: string;
        };
        /**
         * @description The codes of problems that are in use. They are never renamed; new ones may come.
         * @enum {string}
         */
        ErrorCode: "malformed_request" | "invalid_or_expired_token" | "invalid_or_expired_code" | "not_authenticated" | "invalid_credentials" | "passkey_unknown" | "user_verification_required" | "token_expired" | "token_invalid" | "token_reused" | "session_expired" | "session_revoked" | "permission_denied" | "email_not_verified" | "account_disabled" | "reauthentication_required" | "challenge_required" | "cross_site_refused" | "not_found" | "method_not_allowed" | "conflict" | "last_sign_in_method" | "body_too_large" | "unsupported_media_type" | "validation_failed" | "rate_limited" | "overloaded" | "unavailable" | "internal_error";
        /** @description Everything that is held about the owner of an account. Secrets are not: a password's hash means nothing to its owner. */
        ExportView: {
            /** @description All that the audit log has of the account, newest first. */
            activity: components["schemas"]["ExportedEvent"][];
            devices: components["schemas"]["KnownDevice"][];
            /** @description Every change of address that is still known, newest first. */
            email_changes: components["schemas"]["EmailChange"][];
            /** @description Sessions that are over: kept for 30 days after the time at which they would have ended by themselves. */
            ended_sessions: components["schemas"]["EndedSession"][];
            passkeys: components["schemas"]["Passkey"][];
            /** @description Whether a password is set, and since when. */
            password_changed_at?: string | null;
            /** @description The address that waits to be confirmed. */
            pending_email?: string | null;
            /** @description The number that waits for its code. */
            pending_phone_number?: string | null;
            phone_number?: string | null;
            /** @description When the recovery of a lost factor can be completed, where one is under way. */
            recovery_ready_at?: string | null;
            second_factors: components["schemas"]["FactorView"][];
            sessions: components["schemas"]["Session"][];
            user: components["schemas"]["User"];
        };
        /** @description Something that happened to the account, with all that is written of it. */
        ExportedEvent: components["schemas"]["Activity"] & {
            /** @description What belongs to its type. */
            detail: Record<string, never>;
        };
        /** @description One second factor. */
        FactorView: {
            /** Format: date-time */
            created_at: string;
            /** @example totp_0198a7c2f3b47c1e9d5a6b7c8d9e0f12 */
            id: string;
            /** Format: date-time */
            last_used_at?: string | null;
            name: string;
            /** @description Of backup codes: how many are left. */
            remaining?: number | null;
            /** @description `totp`, `passkey`, `sms`, `backup_codes`. */
            type: string;
        };
        /** @description The second factors of an account. */
        FactorsAnswer: {
            /** @description The types that this installation lets one set up: without a provider of SMS, none of that type. */
            available: string[];
            items: components["schemas"]["FactorView"][];
            /** @description Whether signing in asks for a second factor. */
            mfa_enabled: boolean;
            /** @description Whether a passkey is asked for after the password, although there is no authenticator app. */
            passkey_second_factor: boolean;
            recovery?: components["schemas"]["RecoveryView"] | null;
        };
        /** @description What is wrong with a field. */
        FieldProblem: {
            /** @example required */
            code: string;
            detail: string;
            field: string;
        };
        FinishPasskeyEnrolmentRequest: {
            /** @description `RegistrationResponseJSON` of Web Authentication, Level 3: the credential's `toJSON()`. */
            credential: Record<string, never>;
            delivery?: components["schemas"]["Delivery"] | null;
            mfa_token: string;
            /** @description At most 60 characters. Without one it is called after what keeps it. */
            name?: string | null;
            passkey_token: string;
        };
        ForgotRequest: {
            email: string;
        };
        /** @description A browser that the account was used in. */
        KnownDevice: components["schemas"]["Device"] & {
            /** @description RFC 3339, in UTC. */
            created_at: string;
            /** @description Whether it is the one of this request. */
            current: boolean;
            /** @description When it was last signed in from. */
            last_seen_at: string;
        };
        /** @description One page of a list. */
        List_KnownDevice: {
            items: (components["schemas"]["Device"] & {
                /** @description RFC 3339, in UTC. */
                created_at: string;
                /** @description Whether it is the one of this request. */
                current: boolean;
                /** @description When it was last signed in from. */
                last_seen_at: string;
            })[];
            /** @description Asks for the next page; `null` on the last one. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        List_Passkey: {
            items: {
                /** @description Whether it is synced to other devices, or backed up. */
                backed_up: boolean;
                /** @description RFC 3339, in UTC. */
                created_at: string;
                /** @description What its authenticator calls it, in base64url: for the browser's signals. */
                credential_id: string;
                /** @example passkey_0198a7c2f3b47c1e9d5a6b7c8d9e0f13 */
                id: string;
                last_used_at?: string | null;
                name: string;
                /**
                 * @description What keeps it, as far as it says so.
                 * @example iCloud Keychain
                 */
                provider?: string | null;
            }[];
            /** @description Asks for the next page; `null` on the last one. */
            next_cursor?: string | null;
        };
        /** @description One page of a list. */
        List_Session: {
            items: {
                absolute_expires_at: string;
                /** @description `aal1` or `aal2`. */
                acr: string;
                /** @description Authentication methods (RFC 8176). */
                amr: string[];
                auth_time: string;
                created_at: string;
                /** @description Whether it is the session of this request. */
                current: boolean;
                device: components["schemas"]["Device"];
                expires_at: string;
                /** @example session_0198a7c2f3b47c1e9d5a6b7c8d9e0f11 */
                id: string;
                ip?: string | null;
                last_seen_at: string;
                place?: string | null;
                remember: boolean;
            }[];
            /** @description Asks for the next page; `null` on the last one. */
            next_cursor?: string | null;
        };
        /** @description Ten codes, each of which works once. */
        NewBackupCodes: {
            codes: string[];
        };
        NotMeRequest: {
            /** @description The token of the link in the mail. */
            token: string;
        };
        /** @description Nothing is asked for. */
        Nothing: Record<string, never>;
        /** @description A passkey of the account. */
        Passkey: {
            /** @description Whether it is synced to other devices, or backed up. */
            backed_up: boolean;
            /** @description RFC 3339, in UTC. */
            created_at: string;
            /** @description What its authenticator calls it, in base64url: for the browser's signals. */
            credential_id: string;
            /** @example passkey_0198a7c2f3b47c1e9d5a6b7c8d9e0f13 */
            id: string;
            last_used_at?: string | null;
            name: string;
            /**
             * @description What keeps it, as far as it says so.
             * @example iCloud Keychain
             */
            provider?: string | null;
        };
        PasskeyEnrolmentRequest: {
            /** @description What the first step answered with `enrolment_required`. The browser of the pages sends its cookie. */
            mfa_token?: string | null;
        };
        PasskeyList: components["schemas"]["List_Passkey"] & {
            /** @description For `PublicKeyCredential.signalAllAcceptedCredentials` and `signalCurrentUserDetails`. */
            signals: components["schemas"]["PasskeySignals"];
        };
        PasskeySignIn: {
            /** @description `AuthenticationResponseJSON` of Web Authentication, Level 3: the credential's `toJSON()`. */
            credential: Record<string, never>;
            delivery?: components["schemas"]["Delivery"] | null;
            passkey_token: string;
            /** @description Keep the session for longer on this device. */
            remember?: boolean | null;
        };
        /**
         * @description What a browser is told for the person's password manager, so that it offers no passkey that is gone, and names the account as it
         *     is called now. The names are those of Web Authentication, Level 3, section 5.1.10.
         */
        PasskeySignals: {
            /** @description All that are still good, whichever page of the list this is. */
            allAcceptedCredentialIds: string[];
            displayName: string;
            name: string;
            /**
             * @description What passkeys belong to here.
             * @example example.com
             */
            rpId: string;
            /** @description The account, as its passkeys know it, in base64url. */
            userId: string;
        };
        /** @description A passkey ceremony under way. */
        PasskeyStarted: {
            /**
             * @description `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON` of Web Authentication, Level 3: for
             *     `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`.
             */
            options: Record<string, never>;
            /** @description Comes back with the credential. Good for ten minutes, and used once. */
            passkey_token: string;
        };
        /** @description The account's number for codes by SMS. */
        Phone: {
            /** @description One that a code was sent to, which was not typed yet. */
            pending_phone_number?: string | null;
            /**
             * @description In the international form (E.164).
             * @example +436641234567
             */
            phone_number?: string | null;
        };
        PhoneRequest: {
            /**
             * @description With its country code.
             * @example +43 664 1234567
             */
            phone_number: string;
        };
        /** @description The number counts as a second factor from now on. The session has proved it, so it has new tokens. */
        PhoneVerified: components["schemas"]["Phone"] & components["schemas"]["TokensAnswer"] & {
            /** @description Shown once. Absent where the account has a set already. */
            backup_codes?: string[] | null;
        };
        PhoneVerifyRequest: {
            /** @example 123456 */
            code: string;
        };
        /** @description RFC 9457 problem details. */
        Problem: {
            /**
             * @description Stable: act on this.
             * @example validation_failed
             */
            code: string;
            /** @description What happened, and what to do now. */
            detail: string;
            /** @description The fields at fault. */
            errors?: components["schemas"]["FieldProblem"][];
            /**
             * Format: int64
             * @description Seconds to wait.
             */
            retry_after?: number | null;
            /** Format: int32 */
            status: number;
            title: string;
            /** @description Where the problem is explained. */
            type: string;
        };
        /** @description What is left out stays, `null` clears. */
        ProfileRequest: {
            family_name?: string | null;
            given_name?: string | null;
            /** @description A BCP 47 language tag. */
            locale?: string | null;
            /** @description An https address. The server never fetches it. */
            picture?: string | null;
            preferred_username?: string | null;
        };
        ReauthenticateRequest: {
            /** @example 123456 */
            code?: string | null;
            /** @description `AuthenticationResponseJSON` of Web Authentication, Level 3. */
            credential?: Record<string, never> | null;
            method?: components["schemas"]["ReauthenticationMethod"] | null;
            passkey_token?: string | null;
            /** @description The account's password; or else `method` and `code`; or else `passkey_token` and `credential`. */
            password?: string | null;
        };
        ReauthenticateStart: {
            method: components["schemas"]["ReauthenticationMethod"];
        };
        /** @enum {string} */
        ReauthenticationMethod: "email_code" | "totp" | "sms" | "backup_code" | "passkey";
        /** @description A recovery waits. */
        RecoveryAnswer: {
            /**
             * Format: date-time
             * @description From then on it can be completed, by the link in a mail of that moment.
             */
            ready_at: string;
        };
        RecoveryRequest: {
            /** @description What the first step of a sign-in answered with `mfa_required`. */
            mfa_token: string;
        };
        /** @description A recovery under way. */
        RecoveryView: {
            /** Format: date-time */
            asked_at: string;
            /**
             * Format: date-time
             * @description From then on a mailed link removes the second factors.
             */
            ready_at: string;
        };
        RefreshRequest: {
            delivery?: components["schemas"]["Delivery"] | null;
            /** @description For clients without cookies. */
            refresh_token?: string | null;
        };
        RenamePasskey: {
            /**
             * @description At most 60 characters.
             * @example Ada's phone
             */
            name: string;
        };
        RenameRequest: {
            /**
             * @description At most 60 characters; `null` gives back the browser's own name.
             * @example Ada's laptop
             */
            name?: string | null;
        };
        ResendRequest: {
            email: string;
            flow_token?: string | null;
        };
        ResetRequest: {
            code?: string | null;
            email?: string | null;
            new_password: string;
            /** @description The token of the mail's link; or else `email` and `code`. */
            token?: string | null;
        };
        /** @description The second factor is due, or has to be set up: nobody is signed in yet. */
        SecondFactorAnswer: {
            /**
             * Format: int64
             * @description Seconds until the sign-in has to begin anew.
             */
            expires_in: number;
            /** @description Ways to take the second step, or to set one up: `totp`, `passkey`, `sms`, `backup_code`. */
            methods: string[];
            /** @description Opens the second step of this sign-in, and nothing else. */
            mfa_token: string;
            /**
             * @description `mfa_required`, or `enrolment_required` where the account needs a second factor and has none.
             * @example mfa_required
             */
            status: string;
        };
        /**
         * @description A way to take the second step.
         * @enum {string}
         */
        SecondFactorMethod: "totp" | "passkey" | "sms" | "backup_code";
        SecondFactorRequest: {
            /**
             * @description For `totp`, `sms` and `backup_code`.
             * @example 123456
             */
            code?: string | null;
            /** @description `AuthenticationResponseJSON` of Web Authentication, Level 3. */
            credential?: Record<string, never> | null;
            delivery?: components["schemas"]["Delivery"] | null;
            method: components["schemas"]["SecondFactorMethod"];
            /** @description What the first step answered. */
            mfa_token: string;
            /** @description For `passkey`, with `credential`. */
            passkey_token?: string | null;
            /** @description Ask this browser for no second factor for as long as the operator allows. */
            trust_device?: boolean | null;
        };
        /** @description A session. */
        Session: {
            absolute_expires_at: string;
            /** @description `aal1` or `aal2`. */
            acr: string;
            /** @description Authentication methods (RFC 8176). */
            amr: string[];
            auth_time: string;
            created_at: string;
            /** @description Whether it is the session of this request. */
            current: boolean;
            device: components["schemas"]["Device"];
            expires_at: string;
            /** @example session_0198a7c2f3b47c1e9d5a6b7c8d9e0f11 */
            id: string;
            ip?: string | null;
            last_seen_at: string;
            place?: string | null;
            remember: boolean;
        };
        /** @description The answer to a sign-in: done, or on the way. */
        SignInAnswer: components["schemas"]["SignedInAnswer"] | components["schemas"]["SecondFactorAnswer"];
        SignInRequest: {
            /** @description The solution of a challenge, where `challenge_required` asked for one. */
            challenge_response?: string | null;
            delivery?: components["schemas"]["Delivery"] | null;
            /**
             * @description An e-mail address or a username.
             * @example ada@example.com
             */
            identifier: string;
            /** @example correct horse battery staple */
            password: string;
            /** @description Keep the session for longer on this device. */
            remember?: boolean | null;
        };
        SignOutAllRequest: {
            /** @description Keep the session of this request. */
            except_current?: boolean | null;
            refresh_token?: string | null;
        };
        SignOutRequest: {
            /** @description For clients without cookies, whose access token may be gone. */
            refresh_token?: string | null;
        };
        SignUpAnswer: {
            /** @description With body delivery: ties the code to this sign-up. A browser gets it as a cookie. */
            flow_token?: string | null;
            /** @example verify_email */
            next: string;
        };
        SignUpRequest: {
            /** @description The solution of a challenge, where `challenge_required` asked for one. */
            challenge_response?: string | null;
            delivery?: components["schemas"]["Delivery"] | null;
            /** @example ada@example.com */
            email: string;
            family_name?: string | null;
            given_name?: string | null;
            /**
             * @description 8 to 128 characters, and not an easily guessed one.
             * @example correct horse battery staple
             */
            password: string;
            preferred_username?: string | null;
        };
        /** @description The answer to a finished sign-in. */
        SignedInAnswer: components["schemas"]["TokensAnswer"] & {
            session: components["schemas"]["Session"];
            /** @example signed_in */
            status: string;
            user: components["schemas"]["User"];
        };
        StartSecondFactorRequest: {
            method: components["schemas"]["StartedMethod"];
            /** @description What the first step answered. The browser of the pages sends its cookie. */
            mfa_token?: string | null;
        };
        /**
         * @description What has to begin before it is answered.
         * @enum {string}
         */
        StartedMethod: "passkey" | "sms";
        TokenRequest: {
            /** @description The token of the link in the mail. */
            token: string;
        };
        /** @description New tokens. With cookie delivery only `expires_in` is there. */
        TokensAnswer: {
            access_token?: string | null;
            /**
             * Format: int64
             * @description Seconds until the access token runs out.
             */
            expires_in: number;
            refresh_token?: string | null;
            token_type?: string | null;
        };
        /** @description The app counts from now on. The session has proved a second factor, so it has new tokens. */
        TotpAnswer: components["schemas"]["TokensAnswer"] & {
            /** @description Shown once. Absent where the account has a set already. */
            backup_codes?: string[] | null;
        };
        /** @description What an authenticator app is told, once. */
        TotpSetUp: {
            otpauth_uri: string;
            /** @description The address as a picture, SVG. */
            qr_svg: string;
            /**
             * @description In base32, to be typed.
             * @example JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
             */
            secret: string;
        };
        /** @description An account, as its owner sees it. */
        User: {
            /** @description RFC 3339, in UTC. */
            created_at: string;
            email: string;
            email_verified: boolean;
            family_name?: string | null;
            given_name?: string | null;
            /**
             * @description The `sub` of its tokens.
             * @example user_0198a7c2f3b47c1e9d5a6b7c8d9e0f10
             */
            id: string;
            last_sign_in_at?: string | null;
            locale?: string | null;
            mfa_enabled: boolean;
            permissions: string[];
            picture?: string | null;
            preferred_username?: string | null;
            roles: string[];
        };
        VerifyEmailChangeRequest: {
            /** @example 123456 */
            code?: string | null;
            /** @description The token of the mail's link; or else `code`. */
            token?: string | null;
        };
        VerifyEmailRequest: {
            /** @example 123456 */
            code?: string | null;
            delivery?: components["schemas"]["Delivery"] | null;
            email?: string | null;
            /** @description What the sign-up answered with body delivery. A browser sends its cookie. */
            flow_token?: string | null;
            /**
             * @description The sign-up's password, where it is confirmed without its flow; the account's, where an existing one is verified by
             *     somebody who is not signed in to it.
             */
            password?: string | null;
            /** @description The token of the mail's link; or else `email` and `code`. */
            token?: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
