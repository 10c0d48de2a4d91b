/**
 * Runs in the page: the texts whose colour is too near to what lies behind them (WCAG 2.1, success criterion 1.4.3).
 * It must not refer to anything outside itself, because the browser receives its source.
 */
export function contrastFailures(least: number): string[] {
  const canvas = document.createElement('canvas')
  canvas.width = 1
  canvas.height = 1
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  const paint = (layers: readonly string[]) => {
    context.clearRect(0, 0, 1, 1)
    for (const layer of layers) {
      context.fillStyle = layer
      context.fillRect(0, 0, 1, 1)
    }
    return context.getImageData(0, 0, 1, 1).data
  }
  const luminance = (rgb: Uint8ClampedArray) => {
    const [r, g, b] = [...rgb].slice(0, 3).map((value) => {
      const c = value / 255
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
  }
  const failures: string[] = []
  for (const element of document.querySelectorAll('body *')) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim() !== '')
    const box = element.getBoundingClientRect()
    if (!hasText || box.width <= 1 || box.height <= 1 || element.closest('noscript, script, button:disabled')) continue
    const style = getComputedStyle(element)
    const behind: string[] = []
    for (let e: Element | null = element; e !== null; e = e.parentElement)
      behind.unshift(getComputedStyle(e).backgroundColor)
    const ink = element instanceof SVGElement ? style.fill : style.color
    const [a, b] = [luminance(paint([...behind, ink])), luminance(paint(behind))]
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    if (ratio < least) failures.push(`${ratio.toFixed(2)} ${element.className} ${element.textContent!.slice(0, 40)}`)
  }
  return failures
}
