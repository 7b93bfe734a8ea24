/** Stands in for the package `err-code`. A `DOMException` has a `code` of its own that cannot be set. */
module.exports = (cause: Error, code: string) => Object.assign(new Error(cause.message, { cause }), { code });
