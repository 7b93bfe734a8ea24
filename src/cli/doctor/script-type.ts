/** What browsers take for a script: the JavaScript types of the MIME Sniffing standard. */
export function isScriptType(type: string): boolean {
  return /^(text|application)\/(x-)?(java|ecma)script/i.test(type);
}
