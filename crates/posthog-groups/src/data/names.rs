//! One or more property names.

/// One or more property names, for [`GroupHandle::unset`](crate::GroupHandle::unset): a string, or an array, slice or `Vec` of strings.
pub trait PropertyNames {
    /// The names.
    fn into_names(self) -> Vec<String>;
}

impl PropertyNames for &str {
    fn into_names(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl PropertyNames for String {
    fn into_names(self) -> Vec<String> {
        vec![self]
    }
}

impl PropertyNames for &String {
    fn into_names(self) -> Vec<String> {
        vec![self.clone()]
    }
}

impl<N: Into<String>, const COUNT: usize> PropertyNames for [N; COUNT] {
    fn into_names(self) -> Vec<String> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<N: Into<String>> PropertyNames for Vec<N> {
    fn into_names(self) -> Vec<String> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<N: AsRef<str>> PropertyNames for &[N] {
    fn into_names(self) -> Vec<String> {
        self.iter().map(|name| name.as_ref().to_owned()).collect()
    }
}
