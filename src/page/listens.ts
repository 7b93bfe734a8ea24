import type { TransferReport } from '../protocol/bridge.js';
import type { Fault } from './engine-host.js';

/** Details of events of the public object. */
interface Details {
  readonly transfer: TransferReport;
  readonly error: Fault;
}

type Listen<Detail> = (listener: (detail: Detail) => void) => () => void;

/** A function that calls its listener with the detail of each event `type`, until what it returns is called. */
export function listens<Type extends keyof Details>(events: EventTarget, type: Type): Listen<Details[Type]> {
  return (listener) => {
    const heard = (event: Event): void => {
      listener((event as CustomEvent<Details[Type]>).detail);
    };
    events.addEventListener(type, heard);
    return () => {
      events.removeEventListener(type, heard);
    };
  };
}
