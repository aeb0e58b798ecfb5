/** What the sign-in of a campus is given, and what it tells. */
import type { CampusSettings } from '../campus-login.ts'

/** What the campus said of who signed in. */
export interface CampusPerson {
  sub: string
  groups: string[]
}
export interface Campus {
  settings: CampusSettings
  /** Told at every sign-in, before it counts; what it throws stops the sign-in. */
  arrived: (person: CampusPerson) => Promise<void>
  log: (problem: string) => void
}
