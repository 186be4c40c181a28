// Chromium's virtual authenticator, over the DevTools protocol.

/** A phone or laptop that keeps passkeys, in the browser of this page. */
export async function addAuthenticator(page, options = {}) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      ctap2Version: "ctap2_1",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...options,
    },
  });
  return new Authenticator(devtools, authenticatorId);
}

class Authenticator {
  constructor(devtools, authenticatorId) {
    Object.assign(this, { devtools, authenticatorId });
  }

  send(method, parameters = {}) {
    return this.devtools.send(`WebAuthn.${method}`, { authenticatorId: this.authenticatorId, ...parameters });
  }

  /** The passkeys that it keeps. */
  async credentials() {
    return (await this.send("getCredentials")).credentials;
  }

  /** Whether the person touches it, and answers by themselves. */
  present(enabled) {
    return this.send("setAutomaticPresenceSimulation", { enabled });
  }

  /** Whether the person's PIN, finger or face is right. */
  verifies(isUserVerified) {
    return this.send("setUserVerified", { isUserVerified });
  }

  /** Puts a passkey in place of the one of the same id: a copy of it, with other properties. */
  async replace(change) {
    const [credential] = await this.credentials();
    await this.send("removeCredential", { credentialId: credential.credentialId });
    await this.send("addCredential", { credential: { ...credential, ...change } });
  }
}
