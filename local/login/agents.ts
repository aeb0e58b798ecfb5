/** A browser in a person's words, from what it calls itself. */

const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg\//, 'Edge'],
  [/\bFirefox\//, 'Firefox'],
  [/\b(Chrome|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
const systems: readonly (readonly [RegExp, string])[] = [
  [/\bAndroid\b/, 'Android'],
  [/\b(iPhone|iPad)\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

/** Such as "Firefox on Linux". */
export function browserName(agent: string): string {
  const of = (list: typeof browsers): string | undefined => list.find(([pattern]) => pattern.test(agent))?.[1]
  const [browser, system] = [of(browsers), of(systems)]
  if (!browser) return 'Another program'
  return system ? `${browser} on ${system}` : browser
}
