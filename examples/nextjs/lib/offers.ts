import "server-only";

// What Doorward offers, by the settings that it reads itself: both are started with them. Asked while a request is answered, since
// what is rendered ahead knows no settings.

/** `sign_in.email`, which is on unless it is switched off. */
export const offersMail = () => process.env.DOORWARD_SIGN_IN__EMAIL !== "false";

/** `sms.provider`, without which nothing is sent. */
export const offersSms = () => Boolean(process.env.DOORWARD_SMS__PROVIDER);
