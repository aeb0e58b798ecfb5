import { type Area, page } from '../shell/area.ts'
import { lazyPart } from '../shell/tabs.ts'

const pages = () => import('./index.tsx')

export const results: Area = {
  name: 'results',
  routes: [page('/runs/$runId', pages, 'RunPage')],
  studyTabs: [
    {
      name: 'results',
      label: 'Results',
      after: 'links',
      shown: (may, { study }) => may('runs.rows', study),
      part: lazyPart(pages, (module) => module.ResultsTab),
    },
  ],
}
