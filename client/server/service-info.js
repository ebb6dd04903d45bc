// What the service says of itself, compared with this app: what does not fit is said in words.

/** @typedef {import("./deployment.js").Deployment} Deployment */

const MAX_CLOCK_DIFFERENCE_MS = 2_000;

/**
 * @typedef {object} Info
 * @property {number} now
 * @property {string} prefix
 * @property {string[]} origins
 * @property {string[]} key_ids
 */

/**
 * @param {{ ask: (method: string, path: string) => Promise<any> }} service
 * @param {Deployment} deployment learns its origins, if it has none
 * @param {string} keyId of its current secret
 * @returns {Promise<void>} rejects where the service cannot be asked, and only it knows the origins
 */
export const checkService = async (service, deployment, keyId) => {
  const { warn, origins, prefix } = deployment;
  /** @type {Info} */
  let info;
  try {
    info = await service.ask("GET", "/v1/info");
  } catch (error) {
    warn(`the service cannot be asked: ${error instanceof Error ? error.message : error}`);
    if (origins === null) throw error;
    return;
  }
  if (!info.key_ids.includes(keyId)) warn(`the service does not have this app's secret (key id ${keyId}): it will refuse every token`);
  const difference = Math.abs(Date.now() - info.now);
  if (difference > MAX_CLOCK_DIFFERENCE_MS) warn(`the service's clock is ${Math.round(difference / 1000)} s away from this one: tokens expire too early, or are refused`);
  if (info.prefix !== prefix) warn(`the service has the prefix ${info.prefix}, and this app ${prefix}`);
  const missing = origins?.filter((origin) => !info.origins.includes(origin)) ?? [];
  if (missing.length > 0) warn(`the service does not know the origin ${missing.join(", ")}: it refuses what its pages post`);
  if (origins === null) deployment.learn({ origins: info.origins });
};
