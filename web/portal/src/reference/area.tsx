import { type Area, barePage } from '../shell/area.ts'

const pages = () => import('./index.tsx')

export const reference: Area = {
  name: 'reference',
  routes: [barePage('/docs', pages, 'ReferencePage'), barePage('/docs/$', pages, 'ReferencePage')],
  usePalette: () => [{ group: 'Go to', label: 'API reference', to: '/docs' }],
}
