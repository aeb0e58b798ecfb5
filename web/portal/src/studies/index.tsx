export { StudiesPage } from './StudiesPage.tsx'
export { NewStudyPage } from './NewStudyPage.tsx'
export { StudyPage } from './StudyPage.tsx'
