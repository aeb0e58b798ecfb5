/** List prices in USD, us-east-1, without taxes. Taken from the services' public price pages. */
export const pricesAsOf = '2026-11'

export const price = {
  /** By the month, whatever happens. */
  month: {
    'interface endpoint': 7.3,
    'domain of the name firewall': 0.0005,
    firewall: 5,
    'firewall rule': 1,
    'customer key': 1,
    'alarm metric': 0.1,
    dashboard: 3,
  },
  /** By the million. */
  million: {
    'API request': 1,
    'CloudFront request': 1,
    'firewall request': 0.6,
    'function call': 0.2,
    'table write unit': 0.625,
    'table read unit': 0.125,
    'state transition': 25,
    'resolved name': 0.6,
    MAC: 3,
    'public key (RSA-3072)': 15,
    'RSA decryption': 15,
  },
  /** By the GB (or GB-second). */
  'function GB-second (arm64)': 0.0000133334,
  'function /tmp GB-second': 0.0000000309,
  'container vCPU-hour (Fargate, x86)': 0.04048,
  'container GB-hour (Fargate, x86)': 0.004445,
  'container disk GB-hour (Fargate)': 0.000111,
  'image GB-month': 0.1,
  'endpoint GB': 0.01,
  'log GB': 0.5,
  'transfer GB (CloudFront)': 0.085,
  'table GB-month': 0.25,
  'table recovery GB-month': 0.2,
} as const

/** What CloudWatch gives every account each month, for ever (not a trial). */
export const allowance = { alarms: 10, dashboards: 3, metrics: 10 } as const
