// Which requests are the endpoint's.

/** @param {string} url @param {string} prefix */
export const isOurs = (url, prefix) => {
  const path = url.split("?", 1)[0];
  return path === prefix || path.startsWith(`${prefix}/`);
};
