export { ALL } from './index'
