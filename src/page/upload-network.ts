/** The parts of `navigator` that tell what traffic may cost the visitor; most are missing somewhere. */
export interface Device {
  readonly userAgent: string;
  readonly maxTouchPoints: number;
  readonly userAgentData?: { readonly mobile?: boolean };
  readonly connection?: { readonly type?: string };
  /** GiB. */
  readonly deviceMemory?: number;
}

/** Network Information API; only Chromium on Android and ChromeOS tells the type at all. */
const UNMETERED: readonly unknown[] = ['wifi', 'ethernet'];
const UNTOLD: readonly unknown[] = [undefined, 'unknown', 'other', 'mixed'];

/**
 * What is known of the network: `unmetered`, `unknown` (most desktops), or `metered`, which is also what
 * an unknown one on a phone or tablet is taken for. Bluetooth leads to a phone.
 */
export function networkOf(device: Device): 'unmetered' | 'unknown' | 'metered' {
  const type = device.connection?.type;
  if (UNMETERED.includes(type)) return 'unmetered';
  return UNTOLD.includes(type) && !isMobile(device) ? 'unknown' : 'metered';
}

function isMobile(device: Device): boolean {
  const { userAgent, userAgentData } = device;
  return (
    userAgentData?.mobile === true || /Mobi|Android|iPhone|iPad/.test(userAgent) || isDisguisedTablet(device)
  );
}

/** iPads call themselves Macs, which have no touch screens. */
export function isDisguisedTablet({
  userAgent,
  maxTouchPoints,
}: Pick<Device, 'userAgent' | 'maxTouchPoints'>): boolean {
  return userAgent.includes('Macintosh') && maxTouchPoints > 1;
}
