/** For `global/window`: what it looks for is the global object of every browser. */
export default globalThis;
