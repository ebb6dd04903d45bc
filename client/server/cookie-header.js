// The `Cookie` field, read strictly (SPEC §13): nothing is decoded, and of two neither is taken.

const isBlank = (/** @type {string} */ char) => char === " " || char === "\t";

/** Without blanks around it. A pattern for those at the end would take the square of their number. @param {string} text */
const trimmed = (text) => {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text[start])) start++;
  while (start < end && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
};

/**
 * @param {string[]} fields every `Cookie` field of the request; each character is a byte
 * @param {string} name
 * @returns {string[]} the value of each cookie of the name
 */
export const allOf = (fields, name) =>
  fields
    .flatMap((field) => field.split(";"))
    .map((pair) => pair.replace(/^[ \t]+/, ""))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => trimmed(pair.slice(name.length + 1)));

/**
 * @param {string[]} fields
 * @param {string} name
 * @returns {"absent" | "duplicate" | { value: string }}
 */
export const find = (fields, name) => {
  const values = allOf(fields, name);
  if (values.length === 0) return "absent";
  return values.length > 1 ? "duplicate" : { value: values[0] };
};
