/**
 * How much the platform takes, of whatever somebody could send without end. Far above honest use; what is over is
 * refused with the bound in words. Bounds of what one request holds stand in its contract.
 */
const MB = 1024 ** 2
const GB = 1024 ** 3

export const bounds = {
  run: {
    /** Highest number of a record. */
    records: 200_000,
    /** Of its sealed records and objects. */
    bytes: 20 * GB,
    /** Bodies that are too large for a record. */
    objects: 500,
    objectBytes: 20 * GB,
  },
  /** Of all runs by one link. */
  link: { objects: 50_000, objectBytes: 500 * GB },
  /** Sign-ins of tools that are begun within ten minutes, for so long a code works: in all, and from one network. */
  device: { inAll: 5000, fromOneNetwork: 100 },
  /** Files of one version of a study. */
  study: { files: 5000, bytes: 20 * GB },
  /** Files of one input of an experiment. */
  input: { files: 5000, bytes: 200 * GB },
} as const

/** A number of bytes in words: `500 GB`. */
export const bytesInWords = (bytes: number): string =>
  bytes >= GB ? `${Math.round(bytes / GB)} GB` : `${Math.round(bytes / MB)} MB`
