import "server-only";

/**
 * Whether Doorward signs in by mail, by the setting that it reads itself: both are started with it. Asked while a request is
 * answered, since what is rendered ahead knows no settings.
 */
export const offersMail = () => process.env.DOORWARD_SIGN_IN__EMAIL !== "false";
