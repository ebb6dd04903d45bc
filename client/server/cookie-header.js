// The `Cookie` field, read strictly (SPEC §13): nothing is decoded, and of two neither is taken.

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
    .map((pair) => pair.slice(name.length + 1).replace(/^[ \t]+|[ \t]+$/g, ""));

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
