import { IconHome } from '@tabler/icons-react'
import { type Area, page } from '../shell/area.ts'
import { RailEntry } from '../shell/RailEntry.tsx'

export const home: Area = {
  name: 'home',
  routes: [page('/', () => import('./index.tsx'), 'HomePage')],
  Rail: () => <RailEntry to="/" label="Home" icon={IconHome} />,
  usePalette: () => [{ group: 'Go to', label: 'Home', to: '/' }],
}
