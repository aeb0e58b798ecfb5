/** Every area of the portal, in the order of the rail: the order of the data's life. */
import { analyses } from './analyses/area.tsx'
import { audit } from './audit/area.tsx'
import { checks } from './checks/area.tsx'
import { datasets } from './datasets/area.tsx'
import { device } from './device/area.tsx'
import { home } from './home/area.tsx'
import { pipelines } from './pipelines/area.tsx'
import { reference } from './reference/area.tsx'
import { results } from './results/area.tsx'
import { settings } from './settings/area.tsx'
import type { Area } from './shell/area.ts'
import { studies } from './studies/area.tsx'
import { synthesis } from './synthesis/area.tsx'

export const areas: readonly Area[] = [
  home,
  studies,
  results,
  datasets,
  analyses,
  synthesis,
  pipelines,
  checks,
  audit,
  settings,
  device,
  reference,
]
