/** The package's default build is compiled down to ES5, at twice the size of this one. */
declare module 'workbox-window/build/workbox-window.prod.mjs' {
  export { Workbox } from 'workbox-window';
}
