export interface Anchor {
  readonly x: number
  readonly y: number
  readonly text: string
  /** Width of the text as it is drawn, in pixels. */
  readonly width: number
}

export interface Placed {
  readonly x: number
  readonly y: number
  readonly anchor: 'start' | 'middle' | 'end'
  readonly text: string
}

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const HEIGHT = 15
const GAP = 10

/** Finds for each point a side on which its label meets neither another label nor a point; null where there is none. */
export function placeLabels(points: readonly Anchor[], bounds: Box): (Placed | null)[] {
  const taken: Box[] = points.map(({ x, y }) => ({ left: x - 7, right: x + 7, top: y - 7, bottom: y + 7 }))
  return points.map((point, index) => {
    const { width } = point
    for (const candidate of candidates(point)) {
      const left =
        candidate.anchor === 'start' ? candidate.x : candidate.x - (candidate.anchor === 'end' ? width : width / 2)
      const box = { left, right: left + width, top: candidate.y - HEIGHT / 2, bottom: candidate.y + HEIGHT / 2 }
      const inside =
        box.left >= bounds.left && box.right <= bounds.right && box.top >= bounds.top && box.bottom <= bounds.bottom
      if (!inside || taken.some((other, i) => i !== index && overlap(box, other))) continue
      taken.push(box)
      return candidate
    }
    return null
  })
}

function candidates({ x, y, text }: Anchor): Placed[] {
  return [
    { x: x + GAP, y, anchor: 'start', text },
    { x: x - GAP, y, anchor: 'end', text },
    { x, y: y - GAP - 4, anchor: 'middle', text },
    { x, y: y + GAP + 5, anchor: 'middle', text },
    { x: x + GAP - 2, y: y - GAP - 2, anchor: 'start', text },
    { x: x + GAP - 2, y: y + GAP + 2, anchor: 'start', text },
    { x: x - GAP + 2, y: y - GAP - 2, anchor: 'end', text },
    { x: x - GAP + 2, y: y + GAP + 2, anchor: 'end', text },
  ]
}

const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
