import { reasonOf } from '../core/errors.js';
import { optionsOf } from './attributes.js';
import { launch } from './launch.js';

/** The script tag: reads its attributes, finds the engine beside itself, starts. */
const script = document.currentScript;
if (script instanceof HTMLScriptElement) {
  try {
    launch(optionsOf(script.attributes), new URL('peerfold-engine.js', script.src).href);
  } catch (error) {
    // eslint-disable-next-line no-console -- for the eyes of the site's owner
    console.error(`Peerfold stays off: ${reasonOf(error)}`);
  }
}
