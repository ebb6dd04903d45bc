// What goes wrong, by name. No message contains a secret, a token, a binding or a cookie's value.

/** An operation that no browser would be sent: `field` says which part of it (SPEC §7). */
export class InvalidOperation extends Error {
  /**
   * @param {string} field
   * @param {string} rule
   */
  constructor(field, rule) {
    super(`${field}: ${rule}`);
    this.name = "InvalidOperation";
    this.field = field;
  }
}

/** Nothing can bring this cookie to the browser any more. The message says what to do. */
export class LostCookie extends Error {
  name = "LostCookie";
}

/** The browser has no binding cookie, so it could not redeem a token. */
export class NoBinding extends Error {
  name = "NoBinding";
}

/** A secret that must not be used; `rule` is the name of the rule of SPEC §2.1 that refuses it. */
export class BadSecret extends Error {
  /**
   * @param {string} rule
   * @param {string} where the variable, file or option that it came from
   * @param {string} detail
   */
  constructor(rule, where, detail) {
    super(`${where}: ${detail}; \`apply-cookies keygen\` makes a good secret`);
    this.name = "BadSecret";
    this.rule = rule;
  }
}

/**
 * A token or a value that is not accepted. `step` is the folder of vectors (SPEC §6.5) or the reason
 * (§12.4). It is for the operator: an outsider learns less (§9.3).
 */
export class Refused extends Error {
  /** @param {string} step */
  constructor(step) {
    super(step);
    this.name = "Refused";
    this.step = step;
  }
}
