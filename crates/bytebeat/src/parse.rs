//! Parsing by precedence climbing.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use logicnet::shorten;

use crate::dialect::Dialect;
use crate::expression::{Binary, Column, Expression, Tree, Unary};

/// Maximum length of a text in bytes.
const MAX_BYTES: usize = 16_384;
/// Maximum depth of a tree; it limits the stack that evaluation and compilation use.
const MAX_DEPTH: u32 = 500;

/// Most characters of a word in a message.
const MAX_WORD: usize = 40;

/// A syntax error in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The position of the first wrong character, counted in characters from 1.
    pub column: usize,
    /// A message that describes the error and the expected text.
    pub problem: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.problem)
    }
}

impl core::error::Error for ParseError {}

/// Binary operators with their precedence. Longer symbols come before their prefixes.
const BINARY: [(&str, u8, Binary); 18] = [
    ("<<", 8, Binary::ShiftLeft),
    (">>", 8, Binary::ShiftRight),
    ("<=", 7, Binary::LessOrEqual),
    (">=", 7, Binary::GreaterOrEqual),
    ("==", 6, Binary::Equal),
    ("!=", 6, Binary::NotEqual),
    ("&&", 2, Binary::And),
    ("||", 1, Binary::Or),
    ("*", 10, Binary::Multiply),
    ("/", 10, Binary::Divide),
    ("%", 10, Binary::Remainder),
    ("+", 9, Binary::Add),
    ("-", 9, Binary::Subtract),
    ("<", 7, Binary::Less),
    (">", 7, Binary::Greater),
    ("&", 5, Binary::BitAnd),
    ("^", 4, Binary::BitXor),
    ("|", 3, Binary::BitOr),
];

impl Expression {
    /// Parses an expression of t and sound, of eight bits a frame and a sample.
    ///
    /// # Errors
    /// Fails if the text is not an expression, is longer than 16 KiB, or is nested more than
    /// 500 deep. The error has the column.
    pub fn parse(source: &str) -> Result<Expression, ParseError> {
        Expression::parse_in(&Dialect::default(), source)
    }

    /// Parses an expression in a dialect.
    ///
    /// # Errors
    /// Fails as [`Expression::parse`] does.
    pub fn parse_in(dialect: &Dialect, source: &str) -> Result<Expression, ParseError> {
        if source.len() > MAX_BYTES {
            let problem = format!(
                "{} bytes, but an expression has at most {MAX_BYTES}",
                source.len()
            );
            return Err(ParseError { column: 1, problem });
        }
        let mut parser = Parser {
            dialect,
            source,
            at: 0,
            depth: 0,
            reads: Vec::new(),
        };
        let trees = parser.channels()?;
        parser.space();
        match parser.rest().chars().next() {
            None => {
                parser.reads.sort_unstable();
                parser.reads.dedup();
                Ok(Expression {
                    source: source.to_owned(),
                    dialect: dialect.clone(),
                    trees,
                    reads: parser.reads,
                })
            }
            Some(_) if trees.len() > 1 => Err(parser.error("nothing follows [left, right]")),
            Some(',') => Err(parser.error("two channels are written [left, right]")),
            Some(')') => Err(parser.error("no ( for this )")),
            Some('=') => Err(parser.error("= is not an operator; equality is ==")),
            Some('.') => Err(parser.error("only whole numbers are known")),
            Some(c) => Err(parser.error(format!("an operator was expected, not {c}"))),
        }
    }
}

/// A tree and its depth.
type Parsed = Result<(Tree, u32), ParseError>;

struct Parser<'a> {
    dialect: &'a Dialect,
    source: &'a str,
    /// The position in bytes.
    at: usize,
    /// The depth of the parser's recursion.
    depth: u32,
    /// Numbers of the dialect's signals that were read.
    reads: Vec<usize>,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn error(&self, problem: impl Into<String>) -> ParseError {
        ParseError {
            column: self.column().into(),
            problem: problem.into(),
        }
    }

    /// Returns the column of the next character. The length of texts bounds it.
    fn column(&self) -> Column {
        self.source[..self.at].chars().count() as Column + 1
    }

    fn space(&mut self) {
        self.at = self.source.len() - self.rest().trim_start().len();
    }

    /// Skips a symbol and returns true if it comes next.
    fn take(&mut self, symbol: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    /// Returns a tree whose children have this depth, or an error if it is too deep.
    fn node(&self, tree: Tree, children: u32) -> Parsed {
        if children < MAX_DEPTH {
            return Ok((tree, children + 1));
        }
        Err(self.error(format!("nested more than {MAX_DEPTH} deep")))
    }

    /// Calls a rule one level deeper.
    fn deeper(&mut self, rule: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(format!("nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let parsed = rule(self);
        self.depth -= 1;
        parsed
    }

    /// Parses the whole text: one channel, or two in brackets.
    fn channels(&mut self) -> Result<Vec<Tree>, ParseError> {
        if !self.take("[") {
            return Ok(vec![self.choice()?.0]);
        }
        let (left, _) = self.choice()?;
        if !self.take(",") {
            return Err(self.error("a , was expected, as in [left, right]"));
        }
        let (right, _) = self.choice()?;
        if !self.take("]") {
            return Err(self.error("a ] was expected, as in [left, right]"));
        }
        Ok(vec![left, right])
    }

    fn choice(&mut self) -> Parsed {
        let (condition, depth) = self.binary(1)?;
        if !self.take("?") {
            return Ok((condition, depth));
        }
        let (then, then_depth) = self.deeper(Self::choice)?;
        if !self.take(":") {
            return Err(self.error("a : was expected, as in c ? a : b"));
        }
        let (otherwise, else_depth) = self.deeper(Self::choice)?;
        let depth = depth.max(then_depth).max(else_depth);
        self.node(Tree::Choice(Box::new((condition, then, otherwise))), depth)
    }

    fn binary(&mut self, loosest: u8) -> Parsed {
        let (mut left, mut depth) = self.unary()?;
        loop {
            self.space();
            let next = BINARY
                .iter()
                .find(|(symbol, ..)| self.rest().starts_with(symbol));
            let Some(&(symbol, precedence, op)) = next.filter(|next| next.1 >= loosest) else {
                return Ok((left, depth));
            };
            let column = self.column();
            self.at += symbol.len();
            let (right, right_depth) = self.deeper(|parser| parser.binary(precedence + 1))?;
            let tree = Tree::Binary(op, column, Box::new((left, right)));
            (left, depth) = self.node(tree, depth.max(right_depth))?;
        }
    }

    fn unary(&mut self) -> Parsed {
        let signs = [
            ("-", Unary::Minus),
            ("+", Unary::Plus),
            ("~", Unary::Complement),
            ("!", Unary::Not),
        ];
        self.space();
        let column = self.column();
        for (symbol, op) in signs {
            if self.take(symbol) {
                let (operand, depth) = self.deeper(Self::unary)?;
                return self.node(Tree::Unary(op, column, Box::new(operand)), depth);
            }
        }
        self.operand()
    }

    fn operand(&mut self) -> Parsed {
        if self.take("(") {
            let inner = self.deeper(Self::choice)?;
            if !self.take(")") {
                return Err(self.error("a ) is missing"));
            }
            return Ok(inner);
        }
        let rest = self.rest();
        match rest.chars().next() {
            None => Err(self.error("the expression ends where a value was expected")),
            Some('\'') => self.character(),
            Some(c) if c.is_ascii_digit() => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                self.name(&rest[..end.unwrap_or(rest.len())])
            }
            Some('[') => Err(self.error("[left, right] is only for a whole expression")),
            Some(c) => Err(self.error(format!("a value was expected, not {c}"))),
        }
    }

    fn name(&mut self, word: &str) -> Parsed {
        let tree = if word == "t" {
            Tree::T
        } else if let Some(number) = self.dialect.signal(word) {
            self.reads.push(number);
            Tree::Signal(number)
        } else if self.rest()[word.len()..].trim_start().starts_with('(') {
            let word = shorten(word, MAX_WORD);
            return Err(self.error(format!("{word} is not known; there are no functions")));
        } else {
            let word = shorten(word, MAX_WORD);
            return Err(self.error(format!(
                "{word} is not known; names are t, in, in2 and declared controls"
            )));
        };
        self.at += word.len();
        Ok((tree, 1))
    }

    fn number(&mut self) -> Parsed {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let word = &rest[..end];
        let (digits, radix) = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
            Some(digits) => (digits, 16),
            None => (word, 10),
        };
        let named = shorten(word, MAX_WORD);
        let octal = digits.len() > 1 && digits.starts_with('0');
        if radix == 10 && octal && digits.chars().all(|c| c.is_ascii_digit()) {
            return Err(self.error(format!(
                "{named} is octal in C; write it without the leading 0"
            )));
        }
        if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
            return Err(self.error(format!("{named} is not a number")));
        }
        let Ok(number) = u32::from_str_radix(digits, radix) else {
            return Err(self.error(format!("{named} is larger than 4294967295")));
        };
        let column = self.column();
        self.at += end;
        Ok((Tree::Number(number as i32, column), 1))
    }

    fn character(&mut self) -> Parsed {
        let mut chars = self.rest().char_indices().skip(1);
        let code = match chars.next() {
            Some((_, '\\')) => match chars.next() {
                Some((_, 'n')) => Some('\n'),
                Some((_, 't')) => Some('\t'),
                Some((_, 'r')) => Some('\r'),
                Some((_, '0')) => Some('\0'),
                Some((_, c @ ('\\' | '\'' | '"'))) => Some(c),
                _ => None,
            },
            Some((_, c)) if c.is_ascii() && c != '\'' => Some(c),
            _ => None,
        };
        match (code, chars.next()) {
            (Some(code), Some((end, '\''))) => {
                let column = self.column();
                self.at += end + 1;
                Ok((Tree::Number(code as i32, column), 1))
            }
            _ => Err(self.error("a character is one ASCII character in quotes, as in 'a'")),
        }
    }
}
