/** The shims of CommonJS packages that export a function have to be CommonJS themselves. */
declare const module: { exports: unknown };
