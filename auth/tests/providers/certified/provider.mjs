// The certified provider `oidc-provider`, on loopback and in memory. Whoever comes is signed in without a
// click, as the account that `login_hint` or `account` names.

import { generateKeyPairSync } from "node:crypto";
import http from "node:http";

import Provider, { interactionPolicy } from "oidc-provider";

/**
 * `backchannel`: the app's address for logout tokens. `sessions` counts accounts as whom somebody has
 * signed in; `answer` is what a person says in the place of who they are, such as an error.
 */
export async function startCertified({ redirectUris, postLogout = [], backchannel, clientId = "app", clientSecret = "secret-of-the-provider", refresh = false, account = "alice", port = 0 }) {
  const server = http.createServer();
  await new Promise((listening) => server.listen(port, "127.0.0.1", listening));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const policy = interactionPolicy.base();
  policy.add(new interactionPolicy.Prompt({ name: "select_account", requestable: true }));
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const state = { issuer, clientId, clientSecret, account, sessions: 0, exchanges: 0, refreshes: 0, loggedOut: [] };

  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: redirectUris,
        post_logout_redirect_uris: postLogout,
        grant_types: ["authorization_code", ...(refresh ? ["refresh_token"] : [])],
        ...(backchannel && { backchannel_logout_uri: backchannel, backchannel_logout_session_required: true }),
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "certified-1", alg: "RS256", use: "sig" }] },
    cookies: { keys: ["a key of these tests"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    // Without this, claims of scopes are at UserInfo alone; `app` asks there too where it is told to.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    issueRefreshToken: async () => refresh,
    // Tabs that sign in at once each begin a session there, and its default takes the code of the one before.
    expiresWithSession: async () => false,
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: Boolean(backchannel) },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          ctx.body = `<!doctype html><title>Sign out</title>${form}<button form="op.logoutForm" name="logout" value="yes" autofocus>Sign out here too</button>`;
        },
        postLogoutSuccessSource: (ctx) => {
          ctx.body = "<!doctype html><title>Signed out</title>";
        },
      },
    },
    interactions: { policy, url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: { Session: 3600, Grant: 3600, Interaction: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60, RefreshToken: 3600 },
    // Its own refuses addresses on loopback, where the app is.
    fetch: (address, { method, headers, body }) => fetch(address, { method, headers, body, redirect: "manual", signal: AbortSignal.timeout(5_000) }),
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: id }) }),
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope("openid email profile offline_access");
      await grant.save();
      return grant;
    },
    renderError: (ctx, out) => {
      ctx.type = "html";
      ctx.body = `<!doctype html><title>${out.error}</title><p id="error">${out.error}: ${out.error_description ?? ""}`;
    },
  });
  provider.on("grant.success", (ctx) => (ctx.oidc.params.grant_type === "refresh_token" ? (state.refreshes += 1) : (state.exchanges += 1)));
  provider.on("backchannel.success", (ctx, client, accountId) => state.loggedOut.push(accountId));
  provider.on("backchannel.error", (ctx, error) => (state.backchannelError = error));

  const answer = provider.callback();
  server.on("request", async (request, response) => {
    if (!request.url.startsWith("/interaction/")) return answer(request, response);
    try {
      const { prompt, params } = await provider.interactionDetails(request, response);
      state.sessions += 1;
      const accountId = params.login_hint ?? state.account;
      const said = prompt.name === "select_account" ? { select_account: {}, login: { accountId } } : { login: { accountId } };
      await provider.interactionFinished(request, response, state.answer ?? said, { mergeWithLastSubmission: false });
    } catch (error) {
      response.writeHead(500).end(`${error}`);
    }
  });
  state.provider = provider;
  state.stop = () => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  };
  return state;
}
