// Starts the certified provider for an app in development, and prints what the app needs:
//
//     npm ci && node certified/start.mjs [--port 9000] [--app http://localhost:8080] [--name local] [--account alice]
//
// `--name` is the provider's name in the app. Whoever comes is signed in as `--account` without a click.

import { parseArgs } from "node:util";

import { startCertified } from "./provider.mjs";

const option = (value) => ({ type: "string", default: value });
const { values } = parseArgs({
  options: { port: option("9000"), app: option("http://localhost:8080"), name: option("local"), account: option("alice") },
});
const { issuer, clientId, clientSecret } = await startCertified({
  port: Number(values.port),
  redirectUris: [`${values.app}/auth/callback/${values.name}`],
  postLogout: [`${values.app}/auth/sign-out`],
  backchannel: `${values.app}/auth/back-channel/${values.name}`,
  account: values.account,
});
console.log(`export ISSUER=${issuer} CLIENT_ID=${clientId} CLIENT_SECRET=${clientSecret}`);
