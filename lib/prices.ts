/** List prices in USD, us-east-1, without taxes. Taken from the services' public price pages. */
export const pricesAsOf = '2026-11'

export const price = {
  /** By the month, whatever happens. */
  month: { 'firewall': 5, 'firewall rule': 1, 'customer key': 1, 'alarm metric': 0.1, 'dashboard': 3 },
  /** By the million. */
  million: {
    'API request': 1, 'CloudFront request': 1, 'firewall request': 0.6, 'function call': 0.2, 'table write unit': 0.625, 'table read unit': 0.125,
    'MAC': 3, 'public key (RSA-3072)': 15, 'RSA decryption': 15,
  },
  /** By the GB (or GB-second). */
  'function GB-second (arm64)': 0.0000133334,
  'log GB': 0.5,
  'transfer GB (CloudFront)': 0.085,
  'table GB-month': 0.25, 'table recovery GB-month': 0.2,
} as const

/** What CloudWatch gives every account each month, for ever (not a trial). */
export const allowance = { alarms: 10, dashboards: 3, metrics: 10 } as const
