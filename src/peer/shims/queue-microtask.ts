/** Stands in for the package `queue-microtask`: every browser with WebRTC has the function itself. */
module.exports = (run: () => void) => {
  queueMicrotask(run);
};
