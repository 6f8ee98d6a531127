export default function Page() {
  return 'the same for everybody'
}
