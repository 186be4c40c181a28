// Where Doorward's SMS arrive in tests: a webhook, as an operator's own service takes them.

import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

const SECRET = "a secret of thirty-two characters";

export async function startSms() {
  const texts = new Map();
  const webhook = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = request.headers;
    const right = createHmac("sha256", SECRET).update(`${id}.${timestamp}.${body}`).digest("base64");
    const { to, text } = JSON.parse(body);
    if (signature === `v1,${right}`) texts.set(to, text);
    response.writeHead(204).end();
  });
  await new Promise((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  return {
    /** For the Doorward that sends them. */
    settings: {
      DOORWARD_SMS__PROVIDER: "webhook",
      DOORWARD_SMS__URL: `http://127.0.0.1:${webhook.address().port}/sms`,
      DOORWARD_SMS__SECRET: SECRET,
      DOORWARD_SMS__COUNTRIES: "+43",
    },
    /** The code that was sent to a number, as soon as it is there. Each is told once. */
    async codeTo(number) {
      for (let tries = 0; tries < 100 && !texts.has(number); tries++) await wait(50);
      const text = texts.get(number);
      if (!text) throw new Error(`no SMS to ${number}`);
      texts.delete(number);
      return text.match(/#(\d{6})$/)[1];
    },
    stop: () => webhook.close(),
  };
}
