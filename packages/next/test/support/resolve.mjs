// Bundlers find `next/server`; Node wants the file's name.
import { register } from "node:module";
register("data:text/javascript," + encodeURIComponent(`
  export const resolve = (name, context, next) =>
    next(/^next\\/(server|headers|navigation)$/.test(name) ? name + ".js" : name, context);
`));
