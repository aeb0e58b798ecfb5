import { type Area, page } from '../shell/area.ts'

export const device: Area = {
  name: 'device',
  routes: [page('/device', () => import('./index.tsx'), 'DevicePage')],
  usePalette: () => [
    { group: 'Go to', label: 'Approve a tool', to: '/device', description: 'Enter the code that a tool shows' },
  ],
}
