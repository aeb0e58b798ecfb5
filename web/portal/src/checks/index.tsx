export { ChecksPage } from './ChecksPage.tsx'
export { ReviewPage } from './ReviewPage.tsx'
