//! Pictures of lines, texts and grey images, as SVG or PNG files.

use std::convert::Infallible;
use std::fmt::Write;
use std::path::Path;

use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::FONT_6X10;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::{Line, PrimitiveStyle, Rectangle};
use embedded_graphics::text::{Baseline, Text};

use crate::output::Output;
use crate::{CommandResult, Failure, files};

/// A colour: red, green and blue.
pub type Colour = [u8; 3];

/// A picture on white ground. Places are in pixels from the top left corner.
pub struct Picture {
    width: u32,
    height: u32,
    shapes: Vec<Shape>,
}

enum Shape {
    /// Connected points.
    Lines(Vec<(f64, f64)>, Colour),
    /// A filled box: left, top, width and height.
    Box([f64; 4], Colour),
    /// A text by its left end and its top.
    Text((f64, f64), String, Colour),
    /// Grey pixels, row by row, from the left top, stretched to a width and a height.
    Grey {
        place: [f64; 4],
        columns: u32,
        pixels: Vec<u8>,
    },
}

impl Picture {
    /// Height of a text.
    pub const TEXT: f64 = 10.0;
    /// Width of a character.
    pub const CHARACTER: f64 = 6.0;

    /// Creates an empty picture.
    pub fn new(width: u32, height: u32) -> Picture {
        Picture {
            width,
            height,
            shapes: Vec::new(),
        }
    }

    /// Draws lines from point to point.
    pub fn lines(&mut self, points: Vec<(f64, f64)>, colour: Colour) {
        self.shapes.push(Shape::Lines(points, colour));
    }

    /// Draws a filled box: left, top, width and height.
    pub fn fill(&mut self, place: [f64; 4], colour: Colour) {
        self.shapes.push(Shape::Box(place, colour));
    }

    /// Draws a text by its left end and its top, in ASCII.
    pub fn text(&mut self, at: (f64, f64), text: impl Into<String>, colour: Colour) {
        self.shapes.push(Shape::Text(at, text.into(), colour));
    }

    /// Draws grey pixels, row by row, stretched to a box: left, top, width and height.
    pub fn grey(&mut self, place: [f64; 4], columns: u32, pixels: Vec<u8>) {
        self.shapes.push(Shape::Grey {
            place,
            columns,
            pixels,
        });
    }

    /// Returns the picture as SVG.
    pub fn svg(&self) -> String {
        let (width, height) = (self.width, self.height);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" font-family=\"monospace\" font-size=\"10\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
        );
        let hex = |[r, g, b]: &Colour| format!("#{r:02x}{g:02x}{b:02x}");
        for shape in &self.shapes {
            // Writing to a string never fails.
            let _ = match shape {
                Shape::Lines(points, colour) => {
                    let points: Vec<String> = points
                        .iter()
                        .map(|(x, y)| format!("{x:.1},{y:.1}"))
                        .collect();
                    let (points, colour) = (points.join(" "), hex(colour));
                    writeln!(
                        svg,
                        "<polyline fill=\"none\" stroke=\"{colour}\" points=\"{points}\"/>"
                    )
                }
                Shape::Box([x, y, width, height], colour) => writeln!(
                    svg,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
                     fill=\"{}\"/>",
                    hex(colour)
                ),
                Shape::Text((x, y), text, colour) => {
                    let text = text.replace('&', "&amp;").replace('<', "&lt;");
                    let (base, colour) = (y + 0.8 * Picture::TEXT, hex(colour));
                    writeln!(
                        svg,
                        "<text x=\"{x:.1}\" y=\"{base:.1}\" fill=\"{colour}\">{text}</text>"
                    )
                }
                Shape::Grey {
                    place: [x, y, width, height],
                    columns,
                    pixels,
                } => {
                    let rows = pixels.len() as u32 / columns;
                    let png = png(*columns, rows, png::ColorType::Grayscale, pixels);
                    let data = data_encoding::BASE64.encode(&png);
                    writeln!(
                        svg,
                        "<image x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
                         height=\"{height:.1}\" preserveAspectRatio=\"none\" \
                         href=\"data:image/png;base64,{data}\"/>"
                    )
                }
            };
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// Returns the picture as PNG.
    pub fn png(&self) -> Vec<u8> {
        let mut canvas = Canvas {
            width: self.width,
            pixels: vec![255; (self.width * self.height * 3) as usize],
        };
        for shape in &self.shapes {
            // Drawing to memory never fails.
            let _ = canvas.draw(shape);
        }
        png(self.width, self.height, png::ColorType::Rgb, &canvas.pixels)
    }
}

/// Returns pixels as a PNG file.
fn png(width: u32, height: u32, colour: png::ColorType, pixels: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    // Writing to memory never fails, and the sizes agree.
    if let Ok(mut writer) = encoder.write_header() {
        let _ = writer.write_image_data(pixels);
    }
    file
}

/// Pixels in memory.
struct Canvas {
    width: u32,
    pixels: Vec<u8>,
}

impl Canvas {
    fn draw(&mut self, shape: &Shape) -> Result<(), Infallible> {
        let point = |(x, y): (f64, f64)| Point::new(x.round() as i32, y.round() as i32);
        let colour = |[r, g, b]: Colour| Rgb888::new(r, g, b);
        match shape {
            Shape::Lines(points, of) => {
                let style = PrimitiveStyle::with_stroke(colour(*of), 1);
                points.windows(2).try_for_each(|pair| {
                    let line = Line::new(point(pair[0]), point(pair[1]));
                    line.into_styled(style).draw(self)
                })
            }
            Shape::Box([x, y, width, height], of) => {
                let corner = point((x + width - 1.0, y + height - 1.0));
                let area = Rectangle::with_corners(point((*x, *y)), corner);
                self.fill_solid(&area, colour(*of))
            }
            Shape::Text(at, text, of) => {
                let style = MonoTextStyle::new(&FONT_6X10, colour(*of));
                let text = Text::with_baseline(text, point(*at), style, Baseline::Top);
                text.draw(self).map(drop)
            }
            Shape::Grey {
                place: [x, y, width, height],
                columns,
                pixels,
            } => {
                let rows = pixels.len() / *columns as usize;
                let area =
                    Rectangle::new(point((*x, *y)), Size::new(*width as u32, *height as u32));
                let points = area.points().map(|at| {
                    let column = f64::from(at.x - area.top_left.x) / width * f64::from(*columns);
                    let row = f64::from(at.y - area.top_left.y) / height * rows as f64;
                    let grey = pixels[row as usize * *columns as usize + column as usize];
                    Pixel(at, Rgb888::new(grey, grey, grey))
                });
                self.draw_iter(points)
            }
        }
    }
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.width, self.pixels.len() as u32 / 3 / self.width)
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), Infallible> {
        let bounds = self.bounding_box();
        for Pixel(at, colour) in pixels {
            if bounds.contains(at) {
                let start = 3 * (at.y as usize * self.width as usize + at.x as usize);
                self.pixels[start..start + 3].copy_from_slice(&[
                    colour.r(),
                    colour.g(),
                    colour.b(),
                ]);
            }
        }
        Ok(())
    }
}

/// A picture file to be written.
pub struct File {
    output: Output,
    is_svg: bool,
}

impl File {
    /// Opens a file whose name ends in .png or .svg.
    pub fn create(path: &Path) -> Result<File, Failure> {
        let is_svg = files::has_ending(path, "svg");
        if !is_svg && !files::has_ending(path, "png") {
            let name = path.display();
            let problem = format!("--plot: {name}: the picture must end in .png or .svg");
            return Err(Failure::Usage(problem));
        }
        Ok(File {
            output: Output::create(path)?,
            is_svg,
        })
    }

    /// Writes a picture.
    pub fn write(self, picture: &Picture) -> CommandResult {
        if self.is_svg {
            self.output.fill(picture.svg().as_bytes())
        } else {
            self.output.fill(&picture.png())
        }
    }
}
