package web

import (
	"bytes"
	"embed"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// The picture and the sound of a puzzle are made here, with a free typeface and
// with digits spoken by a free synthesiser: the library we looked at carries
// typefaces that nobody may use commercially.

const (
	pictureWidth, pictureHeight = 280, 80 // pixels
	digitSize                   = 54      // points at 72 dpi
	soundRate                   = 8000    // samples a second, 8 bit, one channel
	silence                     = 128     // the middle of an unsigned sample
)

//go:embed spoken
var spokenDigits embed.FS

// digitFace is one face for all drawings; opentype faces are not safe for
// concurrent use, and draw (puzzle.go) holds a lock.
var digitFace = sync.OnceValues(func() (font.Face, error) {
	f, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: digitSize, DPI: 72, Hinting: font.HintingNone})
})

// drawPicture draws digits as a PNG: each turned, leaned and moved by chance,
// the whole bent like a flag, crossed by lines as thick as the digits' own, so
// that a program cannot tell them apart by thickness.
func drawPicture(digits string) ([]byte, error) {
	face, err := digitFace()
	if err != nil {
		return nil, err
	}
	ink := image.NewGray(image.Rect(0, 0, pictureWidth, pictureHeight))
	step := float64(pictureWidth-40) / float64(len(digits))
	for i, d := range digits {
		drawDigit(ink, face, d, 20+step*(float64(i)+0.5)+between(-4, 4), pictureHeight/2+between(-7, 7))
	}
	for range 3 {
		drawLine(ink, between(0, pictureHeight), between(0, pictureHeight), between(1.2, 2.4))
	}
	var b bytes.Buffer
	err = png.Encode(&b, bend(ink))
	return b.Bytes(), err
}

func between(least, most float64) float64 { return least + rand.Float64()*(most-least) }

// drawDigit puts one digit around (cx, cy), turned and leaned.
func drawDigit(ink *image.Gray, face font.Face, digit rune, cx, cy float64) {
	const side = 2 * digitSize
	glyph := image.NewGray(image.Rect(0, 0, side, side))
	advance, _ := face.GlyphAdvance(digit)
	d := font.Drawer{Dst: glyph, Src: image.White, Face: face,
		Dot: fixed.Point26_6{X: fixed.I(side/2) - advance/2, Y: fixed.I(side/2 + digitSize*36/100)}}
	d.DrawString(string(digit))
	turn, lean, size := between(-0.42, 0.42), between(-0.25, 0.25), between(0.85, 1.15)
	sin, cos := math.Sincos(turn)
	for y := range pictureHeight {
		for x := range pictureWidth {
			dx, dy := (float64(x)-cx)/size, (float64(y)-cy)/size
			gx, gy := cos*dx+sin*dy+lean*dy, -sin*dx+cos*dy
			if v := sample(glyph, gx+side/2, gy+side/2); v > ink.GrayAt(x, y).Y {
				ink.SetGray(x, y, color.Gray{v})
			}
		}
	}
}

// sample reads a picture between its pixels.
func sample(m *image.Gray, x, y float64) uint8 {
	x0, y0 := math.Floor(x), math.Floor(y)
	fx, fy := x-x0, y-y0
	at := func(dx, dy int) float64 { return float64(m.GrayAt(int(x0)+dx, int(y0)+dy).Y) }
	return uint8((at(0, 0)*(1-fx)+at(1, 0)*fx)*(1-fy) + (at(0, 1)*(1-fx)+at(1, 1)*fx)*fy)
}

// drawLine draws a curved line from the left edge to the right one.
func drawLine(ink *image.Gray, from, to, thick float64) {
	swing, phase := between(6, 16), between(0, 2*math.Pi)
	for x := range pictureWidth {
		t := float64(x) / pictureWidth
		middle := from + (to-from)*t + swing*math.Sin(phase+t*7)
		for y := range pictureHeight {
			if away := math.Abs(float64(y) - middle); away < thick {
				ink.SetGray(x, y, color.Gray{255})
			}
		}
	}
}

// bend waves the ink in both directions and lays it on paper with specks.
func bend(ink *image.Gray) *image.Gray {
	paper := image.NewGray(ink.Rect)
	ax, ay, px, py := between(3, 5), between(2, 4), between(0, 6), between(0, 6)
	lx, ly := between(26, 40), between(55, 90)
	for y := range pictureHeight {
		for x := range pictureWidth {
			v := sample(ink, float64(x)+ax*math.Sin(float64(y)/lx*2+px), float64(y)+ay*math.Sin(float64(x)/ly*6+py))
			shade := 250 - int(v)*200/255 - rand.IntN(14)
			if rand.IntN(40) == 0 {
				shade -= 90
			}
			paper.SetGray(x, y, color.Gray{uint8(max(0, shade))})
		}
	}
	return paper
}

var errNoSound = errors.New("web: a spoken digit is not a plain WAV file")

// speak says digits in a language as a WAV file: each at its own speed, with
// pauses and a murmur of other digits underneath, which people hear through.
func speak(lang, digits string) ([]byte, error) {
	var track []byte
	for _, d := range digits {
		word, err := wordOf(lang, d)
		if err != nil {
			return nil, err
		}
		track = append(track, hush(between(0.35, 0.7))...)
		track = append(track, stretch(word, between(0.9, 1.15))...)
	}
	track = append(track, hush(0.5)...)
	for at := 0; at < len(track); {
		word, err := wordOf(lang, rune('0'+rand.IntN(10)))
		if err != nil {
			return nil, err
		}
		murmur(track[at:], stretch(word, between(0.5, 1.8)), between(0.08, 0.16))
		at += len(word)/2 + rand.IntN(soundRate/4)
	}
	return wav(track), nil
}

// wordOf gives the samples of one spoken digit.
func wordOf(lang string, digit rune) ([]byte, error) {
	if lang != "ja" {
		lang = "en"
	}
	file, err := spokenDigits.ReadFile("spoken/" + lang + "-" + string(digit) + ".wav")
	if err != nil {
		return nil, err
	}
	i := bytes.Index(file, []byte("data"))
	if i < 0 || len(file) < i+8 {
		return nil, errNoSound
	}
	n := int(binary.LittleEndian.Uint32(file[i+4:]))
	return file[i+8 : min(len(file), i+8+n)], nil
}

func hush(seconds float64) []byte {
	return bytes.Repeat([]byte{silence}, int(seconds*soundRate))
}

// stretch makes a word slower (above 1) or faster.
func stretch(word []byte, by float64) []byte {
	out := make([]byte, int(float64(len(word))*by))
	for i := range out {
		out[i] = word[min(len(word)-1, int(float64(i)/by))]
	}
	return out
}

// murmur lays a word under a track, backwards and softly.
func murmur(track, word []byte, loud float64) {
	for i := range min(len(track), len(word)) {
		v := float64(track[i]) + loud*float64(int(word[len(word)-1-i])-silence) + between(-1.5, 1.5)
		track[i] = uint8(min(255, max(0, v)))
	}
}

// wav puts the header of a WAV file before samples.
func wav(samples []byte) []byte {
	var b bytes.Buffer
	b.WriteString("RIFF")
	for _, v := range []any{uint32(36 + len(samples)), [8]byte([]byte("WAVEfmt ")), uint32(16), uint16(1), uint16(1),
		uint32(soundRate), uint32(soundRate), uint16(1), uint16(8), [4]byte([]byte("data")), uint32(len(samples))} {
		_ = binary.Write(&b, binary.LittleEndian, v) // a bytes.Buffer takes everything
	}
	b.Write(samples)
	return b.Bytes()
}
